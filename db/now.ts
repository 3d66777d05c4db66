import { sql } from 'drizzle-orm'
import type { Transaction } from './client'

/** The instant of this transaction, as everything that it writes has it (RFC 3339, UTC). */
export async function transactionTime(tx: Transaction): Promise<string> {
  const [row] = await tx.execute<{ now: string }>(sql`
    select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now`)
  if (!row) throw new Error('Postgres did not say what time it is')
  return row.now
}
