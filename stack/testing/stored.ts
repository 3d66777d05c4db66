import { sql } from 'drizzle-orm'
import type { Database } from '@/db/client'

/** What any request may move: who was seen when, and how much of a limit is used. Everything else is a change. */
const moving = ['last_sign_in_at', 'last_used_at', 'seen_at']
const movingTables = ['rate_limits']

/** A fingerprint of all that is stored, table by table. */
export async function storedIn(db: Database): Promise<Record<string, string>> {
  const tables = await db.execute<{ name: string }>(
    sql`select table_name as name from information_schema.tables
        where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
  )
  const prints: Record<string, string> = {}
  for (const { name } of tables.filter((table) => !movingTables.includes(table.name))) {
    const [row] = await db.execute<{ print: string }>(
      sql`select md5(coalesce(string_agg(line, e'\n' order by line), '')) as print
          from (select (to_jsonb(t) - ${sql.param(moving)}::text[])::text as line from ${sql.identifier(name)} t) lines`,
    )
    prints[name] = row?.print ?? 'no answer'
  }
  return prints
}
