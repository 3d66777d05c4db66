import { sql, type SQL } from 'drizzle-orm'
import type { Executor, Sql } from './client'
import { rateLimits } from './schema'

export type Taken = {
  taken: boolean
  /** Whole tokens that are left. */
  remaining: number
  /** Until the next token is there; 0 when one was taken. */
  retryAfterMs: number
}

/**
 * Takes one token out of a bucket, if there is one. A bucket begins full, holds at most `capacity`, and is shared by all web
 * processes. One statement: whoever comes at the same moment waits for the row, and finds what is left.
 *
 * A refused call takes nothing, so that asking again and again does not put off the next token.
 */
export async function takeToken(
  db: Executor,
  { key, capacity, refillPerSecond }: { key: string; capacity: number; refillPerSecond: number },
): Promise<Taken> {
  const [row] = await db.execute<{ taken: boolean; tokens: number }>(
    takingTokens({
      from: sql`values (${key}, ${capacity}::float8 - 1)`,
      capacity: sql`${capacity}::float8`,
      refillPerSecond: sql`${refillPerSecond}::float8`,
    }),
  )
  if (!row) throw new Error('The bucket was not written')
  const { taken, tokens } = row
  const remaining = Math.floor(tokens)
  return { taken, remaining, retryAfterMs: taken ? 0 : Math.ceil(((1 - tokens) / refillPerSecond) * 1000) }
}

/**
 * The same, as a part of a greater statement.
 * @param bucket.from rows of a key and of what is left in its bucket when it is full
 */
export function takingTokens(bucket: { from: SQL; capacity: SQL; refillPerSecond: SQL }): SQL {
  const { from, capacity, refillPerSecond } = bucket
  // Another request may have refilled it after our statement began: time never runs backwards for a bucket.
  const heldBy = (row: SQL) => sql`least(${capacity},
    ${row}.tokens + greatest(0, extract(epoch from now() - ${row}.refilled_at)) * ${refillPerSecond})`
  const [held, before] = [heldBy(sql`bucket`), heldBy(sql`old`)]
  return sql`
    insert into ${rateLimits} as bucket (key, tokens) ${from}
    on conflict (key) do update
      set tokens = case when ${held} >= 1 then ${held} - 1 else ${held} end,
          refilled_at = greatest(now(), bucket.refilled_at)
    returning old.key is null or ${before} >= 1 as taken, new.tokens`
}

/** Housekeeping: no bucket of ours takes a day to fill, and a full one is as good as none. */
export async function eraseFullBuckets(sql: Sql): Promise<number> {
  const erased = await sql`
    delete from rate_limits where key in (select key from rate_limits where refilled_at < now() - interval '1 day' limit 10000)`
  return erased.count
}
