import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase } from '@/stack/testing/services'
import { openDatabase } from './client'
import { eraseFullBuckets, takeToken } from './rate-limits'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let first: ReturnType<typeof openDatabase>
let second: ReturnType<typeof openDatabase>

beforeAll(async () => {
  database = await createTestDatabase()
  const open = () => openDatabase({ url: database.url, max: 10, part: 'test' })
  ;[first, second] = [open(), open()]
})
afterAll(async () => {
  await Promise.all([first.close(), second.close()])
  await database.drop()
})

const take = (key: string) => takeToken(first.db, bucket(key))
async function takes(key: string, times: number): Promise<boolean[]> {
  const results = []
  for (let n = 0; n < times; n++) results.push((await take(key)).taken)
  return results
}
const bucket = (key: string) => ({ key, capacity: 3, refillPerSecond: 3 / 3600 })
/** As if so much time had passed. */
const passes = (key: string, seconds: number) =>
  first.db.execute(
    sql`update rate_limits set refilled_at = refilled_at - ${seconds} * interval '1 s' where key = ${key}`,
  )

test('a bucket begins full, runs empty, and says when the next token comes', async () => {
  const key = 'runs-empty'
  expect([await take(key), await take(key), await take(key)].map(({ taken, remaining }) => [taken, remaining])).toEqual(
    [
      [true, 2],
      [true, 1],
      [true, 0],
    ],
  )
  const refused = await take(key)
  expect(refused).toMatchObject({ taken: false, remaining: 0 })
  expect(refused.retryAfterMs).toBeGreaterThan(19 * 60_000)
  expect(refused.retryAfterMs).toBeLessThanOrEqual(20 * 60_000)
})

test('tokens come back with time, never more than the bucket holds; asking in vain does not put them off', async () => {
  expect(await takes('refills', 4)).toEqual([true, true, true, false])
  await passes('refills', 15 * 60)
  expect(await takes('refills', 1)).toEqual([false])
  await passes('refills', 6 * 60)
  expect(await takes('refills', 2)).toEqual([true, false])
  await passes('refills', 24 * 3600)
  expect(await takes('refills', 4)).toEqual([true, true, true, false])
})

test('of many that come at the same moment, by two processes, exactly as many as it holds get one', async () => {
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, n) => takeToken((n % 2 ? first : second).db, bucket('crowded'))),
  )
  expect(results.filter(({ taken }) => taken)).toHaveLength(3)
})

test('each key has a bucket of its own', async () => {
  for (let n = 0; n < 3; n++) await take('one')
  expect(await take('one')).toMatchObject({ taken: false })
  expect(await take('another')).toMatchObject({ taken: true })
})

test('buckets that are full again are erased, and no others', async () => {
  await take('rested')
  await take('in-use')
  await passes('rested', 25 * 3600)
  await passes('in-use', 23 * 3600)
  expect(await eraseFullBuckets(first.sql)).toBe(1)
  expect(await take('rested')).toMatchObject({ taken: true, remaining: 2 })
})
