import { eq, sql } from 'drizzle-orm'
import type { Executor, Sql } from './client'
import { signInDelays } from './schema'

/** Also this moment while a statement waited for a row: what others wrote meanwhile lies before it. */
const moment = sql`clock_timestamp()`

type DelayRule = { failuresFree: number; forgivesOneEverySeconds: number }
export type DelayRules = { account: DelayRule; address: DelayRule; longestWaitSeconds: number }
/** `account:…` and `address:…` */
export type DelayKeys = { account: string; address: string }

/**
 * Counts a try as failed before it is judged, so that many at the same moment cannot all be judged as the first: whoever comes
 * second waits for the row and finds the first one counted. What turns out right is taken back.
 * @returns null when it may be judged, or else for how many seconds nobody may try
 */
export async function countAttempt(db: Executor, keys: DelayKeys, rules: DelayRules): Promise<number | null> {
  const isAccount = sql`delay.key like 'account:%'`
  const free = sql`case when ${isAccount} then ${rules.account.failuresFree}::int else ${rules.address.failuresFree}::int end`
  const forgiveEvery = sql`case when ${isAccount} then ${rules.account.forgivesOneEverySeconds}::int
    else ${rules.address.forgivesOneEverySeconds}::int end`
  const forgiven = sql`floor(extract(epoch from ${moment} - delay.wait_until) / ${forgiveEvery})`
  // Eleven doublings are more than the longest wait: above that nothing is counted, so that it is forgiven in a while.
  const failures = sql`least(${free} + 10, greatest(0, delay.failures - ${forgiven}) + 1)::int`
  const wait = sql`case when ${failures} < ${free} then 0
    else least(${rules.longestWaitSeconds}::int, power(2, ${failures} - ${free})) end * interval '1 second'`
  const counted = await db.execute<{ key: string }>(sql`
    insert into ${signInDelays} as delay (key, failures, failed_at, wait_until)
    select asked.key, 1, ${moment}, ${moment} from (values (${keys.account}), (${keys.address})) as asked (key)
    where not exists (
      select from ${signInDelays} other where other.key in (${keys.account}, ${keys.address}) and other.wait_until > ${moment}
    )
    order by asked.key
    on conflict (key) do update set failures = ${failures}, failed_at = ${moment}, wait_until = ${moment} + ${wait}
      where delay.wait_until <= ${moment}
    returning key`)
  if (counted.length === 2) return null
  const [waiting] = await db.execute<{ seconds: number }>(sql`
    select coalesce(greatest(1, ceil(extract(epoch from max(wait_until) - ${moment}))), 1)::int as seconds
    from ${signInDelays} where key in (${keys.account}, ${keys.address})`)
  // Somebody was counted between the two looks: only one of the two rows was free.
  if (counted[0]) await takeBackAttempt(db, counted[0].key)
  return waiting?.seconds ?? 1
}

/** It was no failure. */
export async function takeBackAttempt(db: Executor, key: string): Promise<void> {
  await db
    .update(signInDelays)
    .set({ failures: sql`greatest(0, ${signInDelays.failures} - 1)`, waitUntil: moment })
    .where(eq(signInDelays.key, key))
}

/** The account's failures are forgotten. */
export async function forgetAttempts(db: Executor, key: string): Promise<void> {
  await db.delete(signInDelays).where(eq(signInDelays.key, key))
}

/** Housekeeping: by now each of them is forgiven. */
export async function eraseOldDelays(sql: Sql): Promise<number> {
  const erased = await sql`
    delete from sign_in_delays where key in (select key from sign_in_delays where wait_until < now() - interval '1 hour' limit 10000)`
  return erased.count
}
