import { sql } from 'drizzle-orm'
import type { Sql, Transaction } from './client'

/**
 * Counts one more for each of these, for today in UTC, and says how many it is now. Rolled back with its transaction.
 *
 * The rows are hot, and locked until the commit: count last of all, and everything in one call, in one order (recipients, then
 * the actor), so that nobody waits in a circle.
 */
export async function countToday(
  tx: Transaction,
  keys: readonly string[],
): Promise<{ counts: ReadonlyMap<string, number>; secondsLeft: number }> {
  const rows = await tx.execute<{ key: string; count: number; seconds_left: number }>(sql`
    insert into daily_counts as c (day, key, count)
    select (now() at time zone 'UTC')::date, key, 1
    from jsonb_array_elements_text(${JSON.stringify(keys)}::jsonb) with ordinality as given(key, place)
    order by place
    on conflict (day, key) do update set count = c.count + 1
    returning key, count,
      ceil(extract(epoch from date_trunc('day', now(), 'UTC') + interval '1 day' - now()))::int as seconds_left`)
  return { counts: new Map(rows.map(({ key, count }) => [key, count])), secondsLeft: rows[0]?.seconds_left ?? 0 }
}

/** Housekeeping: what no limit asks for any more. */
export async function removeOldCounts(sql: Sql): Promise<number> {
  const removed = await sql`delete from daily_counts where day < (now() at time zone 'UTC')::date`
  return removed.count
}
