import type { Sql } from './client'

/** Which of these messages exist. */
export async function knownMessages(sql: Sql, messageIds: readonly string[]): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`select id from messages where id = any(${[...messageIds]}::uuid[])`
  return new Set(rows.map(({ id }) => id))
}
