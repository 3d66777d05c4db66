import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorkerDatabase, type Sql } from '@/db/client'
import { asRole } from '@/db/roles'
import { createLog } from '@/runtime/log'
import { createTestDatabase } from '@/stack/testing/services'
import { Holds } from './holds'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let sql: Sql
let holds: Holds
/** Long enough for the margin before a body; renewed every quarter of it. */
const holdMs = 12_000

beforeAll(async () => {
  database = await createTestDatabase()
  sql = openWorkerDatabase({ url: asRole(database.url, 'worker'), max: 2, part: 'test' })
  holds = new Holds(sql, holdMs, createLog('test', 'silent'))
})
afterAll(async () => {
  holds.stop()
  await sql.end()
  await database.drop()
})

async function heldRow(): Promise<string> {
  const [messageId, hold] = [randomUUID(), randomUUID()]
  await sql`
    insert into outbox (kind, message_id, priority, ring_at, hold, held_until)
    values ('send', ${messageId}, 1, now(), ${hold}, now() + ${holdMs}::int * interval '1 ms')`
  holds.add({ messageId, hold }, performance.now())
  return hold
}

test('holds are renewed by themselves, and one that somebody took away may not begin a body any more', async () => {
  const [ours, lost] = [await heldRow(), await heldRow()]
  expect([ours, lost].map((hold) => holds.hasTimeLeft(hold))).toEqual([true, true])
  const [before] = await sql`select held_until::text as until from outbox where hold = ${ours}`
  await sql`update outbox set hold = null, held_until = null where hold = ${lost}`

  const renewed = async () =>
    (
      await sql`select 1 from outbox where hold = ${ours} and held_until > ${String(before?.['until'])}::text::timestamptz`
    ).length
  await expect.poll(renewed, { timeout: 10_000 }).toBe(1)
  await expect.poll(() => holds.hasTimeLeft(lost), { timeout: 10_000 }).toBe(false)
  expect(holds.hasTimeLeft(ours)).toBe(true)

  holds.drop(ours)
  expect(holds.hasTimeLeft(ours)).toBe(false)
})
