import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Outcome } from '@/core/delivery'
import { acceptMessage } from '@/db/accept-message'
import { openDatabase, openWorkerDatabase, type Sql } from '@/db/client'
import { asRole } from '@/db/roles'
import { holdMessages, type Held } from '@/db/hold'
import type { Settlement } from '@/db/settle'
import { createLog } from '@/runtime/log'
import { plainMessage } from '@/stack/testing/plain-message'
import { createTestDatabase } from '@/stack/testing/services'
import { Settler } from './settler'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let web: ReturnType<typeof openDatabase>
let sql: Sql

beforeAll(async () => {
  database = await createTestDatabase()
  web = openDatabase({ url: database.url, max: 5, part: 'web' })
  sql = openWorkerDatabase({ url: asRole(database.url, 'worker'), max: 2, part: 'worker' })
})
afterAll(async () => {
  await Promise.all([web.close(), sql.end()])
  await database.drop()
})

const settler = () => new Settler(sql, createLog('test', 'silent'))
const sent: Outcome = { kind: 'sent' }

async function held(count = 1): Promise<[Held, ...Held[]]> {
  const accepted = await Promise.all(Array.from({ length: count }, () => acceptMessage(web.db, plainMessage)))
  const [first, ...others] = await hold(accepted.map(({ id }) => id))
  if (!first) throw new Error('It was not held')
  return [first, ...others]
}

const hold = (ids: string[]) =>
  holdMessages(
    sql,
    ids.map((messageId) => ({ messageId, attempt: 1, hold: randomUUID(), partition: 0, offset: 0 })),
    { holdMs: 60_000, worker: 'w1' },
  )

/** Its hold ran out, and this process was given the message again. */
async function heldAgain(lost: Held): Promise<Held> {
  await web.sql`update outbox set hold = null where message_id = ${lost.messageId}`
  const [again] = await hold([lost.messageId])
  if (!again) throw new Error('It was not held')
  return again
}

const settlement = (of: Held, outcome: Outcome, reply: string | null = null): Settlement => ({
  messageId: of.messageId,
  hold: of.hold,
  outcome,
  reply,
  detail: { attempt: 1, ...(reply !== null && { reply }) },
})
const statuses = async (all: Held[]) =>
  (await web.sql`select distinct status from messages where id in ${web.sql(all.map((one) => one.messageId))}`).map(
    (row) => String(row['status']),
  )
/** Ends a statement that waits for a row, as a fault of Postgres would. */
const stopWaiting = () =>
  web.sql`select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
const message = async (of: Held) => (await web.sql`select * from messages where id = ${of.messageId}`)[0]

describe('results', () => {
  it('are all recorded when many come at once', async () => {
    const all = await held(250)
    const tool = settler()
    await Promise.all(all.map((one) => tool.settle(settlement(one, sent))))
    expect(await statuses(all)).toEqual(['sent'])
  })

  it('are recorded when they are told so, not later', async () => {
    const [one] = await held()
    await settler().settle(settlement(one, sent, '250 OK'))
    expect(await message(one)).toMatchObject({ status: 'sent', last_reply: '250 OK' })
  })

  it('of a hold that was lost count only as a proof of acceptance', async () => {
    const tool = settler()
    const [proven, refused] = await held(2)
    if (!refused) throw new Error('It was not held')
    await heldAgain(proven)
    await heldAgain(refused)
    await tool.settle(settlement(proven, sent, '250 OK'))
    await tool.settle(settlement(refused, { kind: 'dead', reason: 'refused', mayHaveBeenDelivered: false }))
    expect(await message(proven)).toMatchObject({ status: 'sent', may_have_been_delivered: true })
    expect(await message(refused)).toMatchObject({ status: 'sending', dead_reason: null })
  })

  it('of two holds of one message never hide each other: the proof of acceptance wins', async () => {
    const tool = settler()
    const [first, lost] = await held(2)
    if (!lost) throw new Error('It was not held')
    const again = await heldAgain(lost)
    // The first keeps the settler busy, so that both others wait for the same statement.
    await Promise.all([
      tool.settle(settlement(first, sent)),
      tool.settle(settlement(lost, sent, '250 OK')),
      tool.settle(settlement(again, { kind: 'retry', delayMs: 0, mayHaveBeenDelivered: false })),
    ])
    expect(await message(lost)).toMatchObject({ status: 'sent', may_have_been_delivered: true })
    expect(await web.sql`select 1 from outbox where message_id = ${lost.messageId}`).toHaveLength(0)
  })

  it('that are recorded are not told again when one beside them fails', async () => {
    const tool = settler()
    const [first, lost, fine] = await held(3)
    if (!lost || !fine) throw new Error('It was not held')
    await heldAgain(lost)
    let told: Promise<unknown> | undefined
    await web.sql.begin(async (relay) => {
      await relay`select 1 from outbox where message_id = ${lost.messageId} for update`
      told = Promise.all([first, lost, fine].map((one) => tool.settle(settlement(one, sent))))
      await expect.poll(stopWaiting, { timeout: 10_000 }).toHaveLength(1)
    })
    await told
    expect(await message(lost)).toMatchObject({ status: 'sent', may_have_been_delivered: true })
    expect(await message(fine)).toMatchObject({ status: 'sent', may_have_been_delivered: false })
  })

  it('with characters that Postgres cannot store hold up nobody', async () => {
    const tool = settler()
    const [strange, ...others] = await held(3)
    const reply = '550 No\0 such \ud800user'
    await Promise.all([
      tool.settle(settlement(strange, { kind: 'dead', reason: 'refused', mayHaveBeenDelivered: false }, reply)),
      ...others.map((one) => tool.settle(settlement(one, sent))),
    ])
    expect(await message(strange)).toMatchObject({ status: 'dead', last_reply: '550 No\ufffd such \ufffduser' })
    expect(await statuses(others)).toEqual(['sent'])
  })
})
