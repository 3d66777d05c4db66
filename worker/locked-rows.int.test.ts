import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { crashLimit } from '@/core/message'
import { acceptMessage, publishFailed } from '@/db/accept-message'
import { openDatabase, openWorkerDatabase, type Sql } from '@/db/client'
import { asRole } from '@/db/roles'
import { holdMessages, renewHolds, type Held } from '@/db/hold'
import { putBackUnpublished, takeDueWork, takeOverExpiredHolds } from '@/db/relay'
import { createLog } from '@/runtime/log'
import { plainMessage } from '@/stack/testing/plain-message'
import { createTestDatabase } from '@/stack/testing/services'
import { until } from '@/stack/until'
import { Intake } from './intake'
import { Settler } from './settler'

/** Somebody keeps one row locked for long: with psql, or by a transaction that hangs. Only that message waits. */
let database: Awaited<ReturnType<typeof createTestDatabase>>
let web: ReturnType<typeof openDatabase>
let sql: Sql
const log = createLog('test', 'silent')
const holdMs = 60_000

beforeAll(async () => {
  database = await createTestDatabase()
  web = openDatabase({ url: database.url, max: 4, part: 'web', answerWithinMs: 60_000 })
  sql = openWorkerDatabase({ url: asRole(database.url, 'worker'), max: 6, part: 'worker' })
})
afterAll(async () => {
  await Promise.all([web.close(), sql.end({ timeout: 1 })])
  await database.drop()
})

async function accept(count: number): Promise<string[]> {
  const all = Array.from({ length: count }, () => acceptMessage(web.db, plainMessage))
  return (await Promise.all(all)).map(({ id }) => id)
}

const ringOf = (messageId: string) => ({ messageId, attempt: 1, partition: 0, offset: 0 })
const hold = (ids: readonly string[]) =>
  holdMessages(
    sql,
    ids.map((id) => ({ ...ringOf(id), hold: randomUUID() })),
    { holdMs, worker: 'w' },
  )
const statusOf = async (id: string) =>
  String((await web.sql`select status from messages where id = ${id}`)[0]?.['status'])

/** Keeps a row of this message locked while `work` goes on. */
const whileLocked = (table: 'outbox' | 'messages', id: string, work: () => Promise<void>) =>
  web.sql.begin(async (other) => {
    await (table === 'outbox'
      ? other`select 1 from outbox where message_id = ${id} for update`
      : other`select 1 from messages where id = ${id} for update`)
    const alive = setInterval(() => void other`select 1`.catch(() => undefined), 1_000)
    await work().finally(() => clearInterval(alive))
  })

test.each(['outbox', 'messages'] as const)(
  'a locked row of %s stalls neither the line nor the results',
  async (table) => {
    const ids = await accept(6)
    const [lockedId = '', ...others] = ids
    const settler = new Settler(sql, log)
    const delivered: string[] = []
    const intake = new Intake({
      allowed: () => 10,
      log,
      hold: (requests) => holdMessages(sql, requests, { holdMs, worker: 'w' }),
      known: (messageIds) => Promise.resolve(new Set(messageIds)),
      async deliver({ messageId, hold: token }: Held) {
        delivered.push(messageId)
        await settler.settle({ messageId, hold: token, outcome: { kind: 'sent' }, reply: '250 OK', detail: {} })
      },
    })
    await whileLocked(table, lockedId, async () => {
      const taken = Promise.all(ids.map((id) => intake.take(ringOf(id))))
      expect(await taken).toEqual(['locked', 'held', 'held', 'held', 'held', 'held'])
      expect(await until(() => delivered.length === others.length, 5_000)).toBe(true)
      const late = await accept(1)
      expect(await intake.take(ringOf(late[0] ?? ''))).toBe('held')
      expect(await until(async () => (await statusOf(late[0] ?? '')) === 'sent', 5_000)).toBe(true)
    })
    expect(await until(async () => (await statusOf(lockedId)) === 'sent', 10_000)).toBe(true)
    await intake.stop()
  },
)

test('a result whose row is locked waits alone, and is recorded once the row is free', async () => {
  const ids = await accept(3)
  const held = await hold(ids)
  const settler = new Settler(sql, log)
  const told: string[] = []
  const [lockedId = ''] = ids
  await whileLocked('messages', lockedId, async () => {
    for (const { messageId, hold: token } of held) {
      void settler
        .settle({ messageId, hold: token, outcome: { kind: 'sent' }, reply: null, detail: {} })
        .then(() => told.push(messageId))
    }
    expect(await until(() => told.length === 2, 10_000)).toBe(true)
    expect(told).not.toContain(lockedId)
  })
  expect(await until(() => told.length === 3, 10_000)).toBe(true)
  expect(await statusOf(lockedId)).toBe('sent')
})

test('a hold whose row is locked is not taken for lost, and the others are renewed at once', async () => {
  const ids = await accept(2)
  const held = await hold(ids)
  const tokens = held.map((one) => one.hold)
  const lockedToken = held.find((one) => one.messageId === ids[0])?.hold ?? ''
  await whileLocked('outbox', ids[0] ?? '', async () => {
    expect(await renewHolds(sql, held, holdMs)).toEqual({
      renewed: tokens.filter((token) => token !== lockedToken),
      locked: [lockedToken],
    })
  })
  expect((await renewHolds(sql, held, holdMs)).renewed.toSorted()).toEqual(tokens.toSorted())
})

test.each(['outbox', 'messages'] as const)('a locked row of %s does not stop the relay', async (table) => {
  const isWarm = async () =>
    (await sql<{ warm: boolean }[]>`select now() - pg_postmaster_start_time() > interval '11 s' as warm`)[0]?.warm ===
    true
  expect(await until(isWarm, 30_000)).toBe(true)
  const ids = await accept(2)
  await hold(ids)
  await sql`update outbox set held_until = now() - interval '1 s', ring_at = now() where message_id = any(${ids}::uuid[])`
  const [lockedId = '', freeId = ''] = ids
  await whileLocked(table, lockedId, async () => {
    const startedAt = performance.now()
    const lost = await takeOverExpiredHolds(sql, { limit: 10, crashLimit })
    expect(lost.map((one) => one.messageId)).toEqual([freeId])
    const due = await takeDueWork(sql, { limit: 100, lowestPriority: 2 })
    const outboxIds = due.map((work) => work.outboxId)
    await putBackUnpublished(sql, outboxIds)
    expect(performance.now() - startedAt).toBeLessThan(1_900)
  })
  const isTakenOver = async () =>
    (await takeOverExpiredHolds(sql, { limit: 10, crashLimit })).some((one) => one.messageId === lockedId)
  expect(await until(isTakenOver, 10_000)).toBe(true)
})

/** Found by the fault suite (F6, F7): such a mail waited 15 min for its next bell, as if its record had been in Kafka. */
test('a row that could not be put back when Kafka did not take it is not taken for one that waits there', async () => {
  const [id = ''] = await accept(1)
  await publishFailed(web.db, [id])
  const take = async () =>
    (await takeDueWork(sql, { limit: 100, lowestPriority: 2 })).flatMap((work) =>
      work.kind !== 'dead_record' && work.messageId === id ? [work] : [],
    )
  const first = await take()
  const ids = first.map(({ outboxId }) => outboxId)
  await whileLocked('outbox', id, async () => expect(await putBackUnpublished(sql, ids)).toEqual(ids))
  await sql`update outbox set ring_at = now() where message_id = ${id}`
  expect((await take()).map(({ rings }) => rings)).toEqual([0])
  expect(await putBackUnpublished(sql, ids)).toEqual([])
})

/** Found by the fault suite (F1, F2): moved ahead at every round, the bell was never due when lost holds were looked for. */
test('looking for work leaves a hold that ran out to be taken over', async () => {
  const [id = ''] = await accept(1)
  await hold([id])
  await sql`update outbox set held_until = now() - interval '1 s', ring_at = now() where message_id = ${id}`
  await takeDueWork(sql, { limit: 100, lowestPriority: 2 })
  const [row] = await sql<{ isDue: boolean }[]>`select ring_at <= now() as "isDue" from outbox where message_id = ${id}`
  expect(row).toEqual({ isDue: true })
})
