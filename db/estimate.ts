import { sql, type SQL } from 'drizzle-orm'
import type { Executor } from './client'

/** How many rows the planner expects of a statement; nothing is read. */
export async function estimate(db: Executor, statement: SQL): Promise<number> {
  const [row] = await db.execute<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    sql`explain (format json) ${statement}`,
  )
  return row?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0
}
