import { gte, sql } from 'drizzle-orm'
import type { Executor, Sql } from './client'
import { deliveryHours } from './schema'

/** "Accepted within 10 s": the promise (core/promise.ts). */
const inTimeMs = 10_000
/** A transaction that began in an hour may be committed a little after it: no statement of ours runs for longer. */
const lateness = '2 minutes'
/** After weeks without a worker it comes back to the present in steps. */
const hoursAtOnce = 48

/**
 * Counts what happened in each hour since the last one that was counted, that one once more included: counting twice changes
 * nothing. One worker does it; another that comes meanwhile leaves it to that one.
 * @returns whether hours are left to count
 */
export async function countDeliveryHours(sql: Sql): Promise<boolean> {
  return await sql.begin(async (tx) => {
    const [free] = await tx<{ free: boolean }[]>`select pg_try_advisory_xact_lock(hashtext('delivery_hours')) as free`
    if (!free?.free) return false
    const [span] = await tx<{ since: Date; until: Date; left: boolean }[]>`
      with begin as (
        select date_trunc('hour', least(
          coalesce((select max(hour) from delivery_hours), (select at from message_events order by id limit 1), now()),
          now() - ${lateness}::interval
        )) as since
      )
      select since, since + ${hoursAtOnce}::int * interval '1 hour' as until, since + ${hoursAtOnce}::int * interval '1 hour' < now() as left
      from begin`
    if (!span) throw new Error('Postgres did not say which hours are to be counted')
    await tx`
      with happened as (
        select date_trunc('hour', at) as hour, message_id, event, at, detail from message_events
        where at >= ${span.since} and at < ${span.until} and event in ('accepted', 'sent', 'proven_sent', 'dead', 'worker_lost')
      ), took as (
        -- Of a mail for later from the time that it was asked for; of one that was held from when it was let go.
        select h.hour, (h.detail->>'attempt')::int as attempt,
          least(2147483647, greatest(0, extract(epoch from h.at - coalesce(m.send_at, m.created_at)) * 1000)) as ms
        from happened h join messages m on m.id = h.message_id where h.event in ('sent', 'proven_sent')
      ), taken as (
        select hour, count(*) as accepted, count(*) filter (where ms <= ${inTimeMs}) as in_time,
          count(*) filter (where attempt = 1) as at_first_try,
          percentile_cont(0.5) within group (order by ms) as median, percentile_cont(0.95) within group (order by ms) as p95
        from took group by hour
      ), counted as (
        select hour, count(*) filter (where event = 'accepted') as asked,
          count(*) filter (where event = 'dead' or (event = 'worker_lost' and detail->>'reason' = 'crash_loop')) as dead
        from happened group by hour
      )
      insert into delivery_hours (hour, asked, accepted, in_time, at_first_try, dead, median_ms, p95_ms)
      select hour, coalesce(asked, 0), coalesce(accepted, 0), coalesce(in_time, 0), coalesce(at_first_try, 0), coalesce(dead, 0),
        median::int, p95::int
      from generate_series(${span.since}::timestamptz, least(${span.until}::timestamptz - interval '1 hour', date_trunc('hour', now())), interval '1 hour') hour
        left join counted using (hour) left join taken using (hour)
      on conflict (hour) do update set asked = excluded.asked, accepted = excluded.accepted, in_time = excluded.in_time,
        at_first_try = excluded.at_first_try, dead = excluded.dead, median_ms = excluded.median_ms, p95_ms = excluded.p95_ms`
    return span.left
  })
}

/** The hours that were counted, of the last days, oldest first. */
export async function findDeliveryHours(db: Executor, days: number) {
  return await db
    .select()
    .from(deliveryHours)
    .where(gte(deliveryHours.hour, sql`now() - ${days}::int * interval '1 day'`))
    .orderBy(deliveryHours.hour)
}
