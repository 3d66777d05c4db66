import type { SendRate } from '@/runtime/config'
import type { Sql } from './client'

/** The bucket holds what one second allows, so that an idle minute does not become a burst. */
const bucketOf = (rate: SendRate): number | null => rate.perSecond && Math.max(1, rate.perSecond)

/** To be called once, before anything is taken. */
export async function prepareSendRate(sql: Sql, rate: SendRate): Promise<void> {
  await sql`
    insert into send_rate (id, tokens, day) values (1, ${bucketOf(rate) ?? 0}::float8, (now() at time zone 'UTC')::date)
    on conflict (id) do nothing`
}

/**
 * Takes the right to send up to `wanted` mails from the one bucket that all workers share (token bucket; the day is UTC's).
 * @returns how many were granted (0 or more), and, when none was, after how many milliseconds to ask again
 */
export async function takeFromSendRate(
  sql: Sql,
  rate: SendRate,
  wanted: number,
): Promise<{ granted: number; waitMs: number }> {
  const [row] = await sql<{ granted: number; waitMs: number }[]>`
    with bucket as (
      select * from send_rate where id = 1 for update
    ), filled as (
      -- Whoever waited for the row has an older now(): time never runs backwards here.
      select case when ${bucketOf(rate)}::float8 is null then null
          else least(${bucketOf(rate)}::float8, tokens + greatest(0, extract(epoch from now() - refilled_at)) * ${rate.perSecond}::float8) end as tokens,
        case when day >= (now() at time zone 'UTC')::date then sent_today else 0 end as sent,
        greatest(day, (now() at time zone 'UTC')::date) as day
      from bucket
    ), share as (
      select *, greatest(0, least(${wanted}::int, floor(coalesce(tokens, ${wanted}::float8))::int, coalesce(${rate.perDay}::int - sent, ${wanted}::int))) as granted,
        ${rate.perDay}::int is not null and sent >= ${rate.perDay}::int as used_up
      from filled
    ), taken as (
      update send_rate s
      set tokens = coalesce(share.tokens - share.granted, 0), refilled_at = greatest(s.refilled_at, now()), day = share.day,
          sent_today = share.sent + share.granted,
          used_up_until = case when share.used_up then (share.day + 1)::timestamp at time zone 'UTC' end
      from share where s.id = 1
    )
    select granted, case when granted > 0 then 0
        when used_up then extract(epoch from ((day + 1)::timestamp at time zone 'UTC') - now())::float8 * 1000
        else (1 - tokens) / ${rate.perSecond}::float8 * 1000 end as "waitMs"
    from share`
  return row ?? { granted: 0, waitMs: 1_000 }
}

/** What was granted and not used, because its records were stale. */
export async function giveBackToSendRate(sql: Sql, count: number): Promise<void> {
  await sql`update send_rate set tokens = tokens + ${count}, sent_today = greatest(0, sent_today - ${count}::int) where id = 1`
}
