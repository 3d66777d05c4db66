import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestDatabase } from '@/stack/testing/services'
import { openWorkerDatabase, type Sql } from './client'
import { countDeliveryHours } from './delivery-hours'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let sql: Sql

beforeAll(async () => {
  database = await createTestDatabase()
  sql = openWorkerDatabase({ url: database.url, max: 2, part: 'test' })
})
afterAll(async () => {
  await sql.end()
  await database.drop()
})
beforeEach(() => sql`truncate messages, message_events, delivery_hours`)

/** The beginning of this hour, and of those before. */
const hourAgo = async (hours: number) => {
  const [row] = await sql<{ at: Date }[]>`select date_trunc('hour', now()) - ${hours}::int * interval '1 hour' as at`
  return row?.at ?? new Date(0)
}
const after = (at: Date, ms: number) => new Date(at.getTime() + ms)

async function mail(
  askedAt: Date,
  events: [event: string, afterMs: number, detail?: Record<string, string | number>][],
  sendAt: Date | null = null,
) {
  const id = randomUUID()
  await sql`
    insert into messages (id, type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, created_by_name, created_at, send_at)
    values (${id}, 'notification', 'plain', 'a@example.com', 'b@example.com', 'Hello', '{}', false, 1, 3, 'test', ${askedAt}, ${sendAt})`
  for (const [event, ms, detail = {}] of [['accepted', 0] as const, ...events])
    await sql`insert into message_events (message_id, event, at, detail) values (${id}, ${event}, ${after(askedAt, ms)}, ${sql.json(detail)})`
}
const hours = () => sql`select * from delivery_hours order by hour`
const first = { attempt: 1 }

test('each hour tells what was asked for and what happened in it, and how soon', async () => {
  const at = await hourAgo(2)
  await mail(at, [['sent', 400, first]])
  await mail(at, [['sent', 10_000, first]])
  await mail(at, [
    ['try_failed', 100, first],
    ['sent', 10_001, { attempt: 2 }],
  ])
  await mail(at, [['dead', 500, { attempt: 1, reason: 'refused' }]])
  await mail(at, [['worker_lost', 500, { reason: 'crash_loop' }]])
  await mail(at, [['worker_lost', 500]])
  await mail(at, [['pretended', 500, first]])
  // Asked for in one hour, accepted in the next.
  await mail(after(at, 3_599_000), [['sent', 2_000, first]])
  // For later: its time counts from there.
  await mail(at, [['sent', 3_600_300, first]], after(at, 3_600_000))
  await countDeliveryHours(sql)
  const [one, next, now] = await hours()
  expect(one).toMatchObject({
    hour: at,
    asked: 9,
    accepted: 3,
    in_time: 2,
    at_first_try: 2,
    dead: 2,
    median_ms: 10_000,
  })
  expect(next).toMatchObject({ asked: 0, accepted: 2, in_time: 2, dead: 0, median_ms: 1_150, p95_ms: 1_915 })
  expect(now).toMatchObject({ hour: await hourAgo(0), asked: 0, accepted: 0, median_ms: null, p95_ms: null })
})

test('counting again changes nothing but what came meanwhile, and what was counted outlives its messages', async () => {
  const [before, current] = [await hourAgo(3), await hourAgo(0)]
  await mail(before, [['sent', 400, first]])
  await countDeliveryHours(sql)
  await countDeliveryHours(sql)
  expect((await hours()).map((row) => row['accepted'] as number)).toEqual([1, 0, 0, 0])
  await sql`truncate messages, message_events`
  await mail(current, [['sent', 0, first]])
  await countDeliveryHours(sql)
  expect((await hours()).map((row) => row['accepted'] as number)).toEqual([1, 0, 0, 1])
})

test('two that count at once do it once; a long absence is made up for in steps', async () => {
  const long = await hourAgo(100)
  await mail(long, [['sent', 400, first]])
  expect(await countDeliveryHours(sql)).toBe(true)
  expect(await hours()).toHaveLength(48)
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtext('delivery_hours'))`
    expect(await countDeliveryHours(sql)).toBe(false)
  })
  expect(await hours()).toHaveLength(48)
  expect(await countDeliveryHours(sql)).toBe(true)
  expect(await countDeliveryHours(sql)).toBe(false)
  expect(await hours()).toHaveLength(101)
})
