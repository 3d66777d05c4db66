import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crashLimit } from '@/core/message'
import type { Outcome } from '@/core/delivery'
import { until } from '@/stack/until'
import { plainMessage } from '@/stack/testing/plain-message'
import { createTestDatabase } from '@/stack/testing/services'
import { acceptMessage } from './accept-message'
import { openDatabase, openWorkerDatabase, type Sql } from './client'
import { holdMessages, renewHolds, type Held, type HoldRequest } from './hold'
import { takeDueWork, takeOverExpiredHolds } from './relay'
import { eraseOldSecrets, settleMessages, settleProvenSent, type Settlement } from './settle'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let web: ReturnType<typeof openDatabase>
/** Two workers, each with connections of its own. */
let sql: Sql
let other: Sql

beforeAll(async () => {
  database = await createTestDatabase()
  web = openDatabase({ url: database.url, max: 2, part: 'web' })
  sql = openWorkerDatabase({ url: database.url, max: 10, part: 'w1' })
  other = openWorkerDatabase({ url: database.url, max: 10, part: 'w2' })
})
afterAll(async () => {
  await Promise.all([web.close(), sql.end(), other.end()])
  await database.drop()
})

async function accept(options: { secret?: boolean } = {}): Promise<string> {
  const { id } = await acceptMessage(web.db, {
    ...plainMessage,
    sensitive: options.secret ?? false,
    seal: options.secret ? () => Buffer.from('sealed') : null,
  })
  return id
}

const ring = (messageId: string, attempt = 1): HoldRequest => ({
  messageId,
  attempt,
  hold: randomUUID(),
  partition: 3,
  offset: 17,
})
const hold = (rings: HoldRequest[], by: Sql = sql) => holdMessages(by, rings, { holdMs: 60_000, worker: 'w1' })

async function held(options: { secret?: boolean } = {}): Promise<Held> {
  const [one] = await hold([ring(await accept(options))])
  if (!one) throw new Error('It was not held')
  return one
}

const settlement = (
  of: Pick<Held, 'messageId' | 'hold'>,
  outcome: Outcome,
  reply: string | null = null,
): Settlement => ({
  messageId: of.messageId,
  hold: of.hold,
  outcome,
  reply,
  detail: { attempt: 1, partition: 3, offset: 17 },
})
const settle = (...args: Parameters<typeof settlement>) => settleMessages(sql, [settlement(...args)])

const sent: Outcome = { kind: 'sent' }
const release: Outcome = { kind: 'release', delayMs: 0 }
const retry: Outcome = { kind: 'retry', delayMs: 30_000, mayHaveBeenDelivered: false }
const cancel: Outcome = { kind: 'cancel' }
const dead: Outcome = { kind: 'dead', reason: 'refused', mayHaveBeenDelivered: false }

const message = async (id: string) => (await sql`select * from messages where id = ${id}`)[0]
const work = (id: string) => sql`select * from outbox where message_id = ${id} order by id`
const secrets = (id: string) => sql`select 1 from message_secrets where message_id = ${id}`
const events = async (id: string) =>
  (await sql`select event from message_events where message_id = ${id} order by id`).map((row) => String(row['event']))

const proof = (of: { messageId: string; hold: string }) =>
  settleProvenSent(sql, { messageId: of.messageId, hold: of.hold, reply: '250 OK', detail: { attempt: 1 } })
const takeOver = (by: Sql = sql) => takeOverExpiredHolds(by, { limit: 100, crashLimit })
const runOut = (id: string) =>
  sql`update outbox set held_until = now() - interval '1 s', ring_at = now() where message_id = ${id}`
const isGracePast = async () =>
  (await sql`select now() - pg_postmaster_start_time() > interval '10 s' as past`)[0]?.['past'] === true

describe('holding', () => {
  it('takes a message whose attempt is current and due, once', async () => {
    const id = await accept({ secret: true })
    const [one, ...more] = await hold([ring(id)])
    expect(more).toEqual([])
    expect(one).toMatchObject({ messageId: id, attempt: 1, partition: 3, offset: 17, retryCount: 0, maxRetries: 3 })
    expect(one?.sealed?.toString()).toBe('sealed')
    expect(await message(id)).toMatchObject({ status: 'sending' })
    expect(await hold([ring(id)])).toEqual([])
  })

  it('leaves what is of another attempt, not due, settled or unknown', async () => {
    const [later, notDue, done] = [await accept(), await accept(), await held()]
    await sql`update outbox set due_at = now() + interval '1 h' where message_id = ${notDue}`
    await settle(done, sent)
    expect(
      await hold([ring(later, 2), ring(later, 0), ring(notDue), ring(done.messageId), ring(randomUUID())]),
    ).toEqual([])
    expect(await hold([])).toEqual([])
  })

  it('gives who asks again after a lost answer what it has already, and nobody else', async () => {
    const asked = ring(await accept())
    const [first] = await hold([asked])
    expect(await hold([asked])).toEqual([first])
    expect(await hold([{ ...asked, hold: randomUUID() }], other)).toEqual([])
    if (!first) throw new Error('It was not held')
    await settle(first, sent)
    expect(await hold([asked])).toEqual([])
  })

  it('gives one message to exactly one of fifty that ask at once over two workers', async () => {
    const id = await accept()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, number) => hold([ring(id)], number % 2 ? sql : other)),
    )
    expect(answers.flat()).toHaveLength(1)
    const [row] = await work(id)
    expect(row?.['hold']).toBe(answers.flat()[0]?.hold)
  })

  it('gives each of fifty messages to exactly one, however the askers order them, and nobody waits for ever', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, () => accept()))
    const orders = [ids, ids.toReversed(), ids.toSorted(), [...ids.slice(25), ...ids.slice(0, 25)]]
    const answers = await Promise.all(
      orders.map((order, number) =>
        hold(
          order.map((id) => ring(id)),
          number % 2 ? sql : other,
        ),
      ),
    )
    expect(
      answers
        .flat()
        .map((one) => one.messageId)
        .toSorted(),
    ).toEqual(ids.toSorted())
  })

  it('brings a bell that was moved far ahead to its end, so that a lost worker is noticed in time, and leaves an earlier one', async () => {
    const [far, near] = [await accept(), await accept()]
    await sql`update outbox set ring_at = now() + interval '15 min' where message_id = ${far}`
    await hold([ring(far), ring(near)])
    const ahead = async (id: string) =>
      (
        await sql`select round(extract(epoch from ring_at - held_at))::int as s from outbox where message_id = ${id}`
      )[0]?.['s']
    expect(await ahead(far)).toBe(61)
    expect(await ahead(near)).toBeLessThanOrEqual(30)
  })

  it('waits for a row that is just being touched, rather than calling its record stale', async () => {
    const id = await accept()
    let asked: Promise<Held[]> | undefined
    await sql.begin(async (relay) => {
      await relay`update outbox set ring_at = now() + interval '15 min', rings = rings + 1 where message_id = ${id}`
      asked = hold([ring(id)], other)
      await expect
        .poll(
          () => sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          { timeout: 10_000 },
        )
        .toHaveLength(1)
    })
    expect(await asked).toMatchObject([{ messageId: id }])
  })

  it('renews the holds that are still ours, and names no other', async () => {
    const [mine, lost] = [await held(), await held()]
    await sql`update outbox set held_until = now(), hold = ${randomUUID()} where message_id = ${lost.messageId}`
    expect(await renewHolds(sql, [mine, lost], 60_000)).toEqual({ renewed: [mine.hold], locked: [] })
    const [row] =
      await sql`select held_until > now() + interval '55 s' as renewed from outbox where hold = ${mine.hold}`
    expect(row).toEqual({ renewed: true })
  })
})

describe('settling', () => {
  it.each([sent, retry, release, cancel, dead])(
    'with a hold that is not (any more) ours does nothing: %j',
    async (outcome) => {
      const ours = await held({ secret: true })
      const before = [await message(ours.messageId), [...(await work(ours.messageId))]]
      expect(await settle({ ...ours, hold: randomUUID() }, outcome)).toEqual([])
      // The hold of one message says nothing about another.
      expect(await settle({ ...ours, hold: (await held()).hold }, outcome)).toEqual([])
      expect([await message(ours.messageId), [...(await work(ours.messageId))]]).toEqual(before)
      expect(await events(ours.messageId)).toEqual(['accepted'])
      expect(await secrets(ours.messageId)).toHaveLength(1)
    },
  )

  it('is done once: the same result again finds nothing', async () => {
    const ours = await held()
    expect(await settle(ours, sent)).toEqual([ours.messageId])
    expect(await settle(ours, sent)).toEqual([])
    expect(await events(ours.messageId)).toEqual(['accepted', 'sent'])
  })

  it('records every kind of outcome in one statement, each as its own', async () => {
    const secret = { secret: true }
    const [a, b, c, d, stranger] = [
      await held(secret),
      await held(secret),
      await held(secret),
      await held(secret),
      await held(),
    ]
    const settled = await settleMessages(sql, [
      settlement(d, dead, '550 5.1.1 No such user'),
      settlement(a, sent, '250 OK'),
      settlement({ ...stranger, hold: randomUUID() }, sent),
      settlement(c, release),
      settlement(b, retry, '451 later'),
    ])
    expect(settled.toSorted()).toEqual([a, b, c, d].map((one) => one.messageId).toSorted())

    expect(await message(a.messageId)).toMatchObject({
      status: 'sent',
      retry_count: 0,
      last_reply: '250 OK',
      dead_reason: null,
    })
    expect(await work(a.messageId)).toEqual([])

    expect(await message(b.messageId)).toMatchObject({
      status: 'retrying',
      retry_count: 1,
      last_reply: '451 later',
      sent_at: null,
      closed_at: null,
      may_have_been_delivered: false,
    })
    const [due] = await sql`
      select o.attempt, o.hold, o.rings, o.due_at = o.ring_at and o.due_at = m.due_at as same,
        round(extract(epoch from o.due_at - e.at))::int as seconds, e.detail->>'dueAt' = to_char(o.due_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as told
      from outbox o join messages m on m.id = o.message_id
        join message_events e on e.message_id = m.id and e.event = 'try_failed' where m.id = ${b.messageId}`
    expect(due).toEqual({ attempt: 2, hold: null, rings: 0, same: true, seconds: 30, told: true })

    expect(await message(c.messageId)).toMatchObject({ status: 'queued', retry_count: 0, last_reply: null })
    expect(await work(c.messageId)).toMatchObject([{ kind: 'send', attempt: 1, hold: null }])

    expect(await message(d.messageId)).toMatchObject({
      status: 'dead',
      dead_reason: 'refused',
      last_reply: '550 5.1.1 No such user',
      sent_at: null,
    })
    expect((await message(d.messageId))?.['closed_at']).not.toBeNull()
    expect(await work(d.messageId)).toMatchObject([{ kind: 'dead_letter', kafka_partition: 3, kafka_offset: '17' }])

    expect(await message(stranger.messageId)).toMatchObject({ status: 'sending' })
    expect(await Promise.all([a, b, c, d, stranger].map((one) => events(one.messageId)))).toEqual([
      ['accepted', 'sent'],
      ['accepted', 'try_failed'],
      ['accepted', 'released'],
      ['accepted', 'dead'],
      ['accepted'],
    ])
  })

  it('erases a secret when its mail was sent or cancelled, and only then', async () => {
    const outcomes = [sent, cancel, retry, release, dead]
    const left = []
    for (const outcome of outcomes) {
      const ours = await held({ secret: true })
      await settle(ours, outcome)
      left.push((await secrets(ours.messageId)).length)
    }
    expect(left).toEqual([0, 0, 1, 1, 1])
  })

  it('erases the secret of a dead message 72 h later', async () => {
    const [old, young] = [await held({ secret: true }), await held({ secret: true })]
    for (const one of [old, young]) await settle(one, dead)
    await sql`update messages set closed_at = now() - interval '73 h' where id = ${old.messageId}`
    expect(await eraseOldSecrets(sql)).toBe(1)
    expect([await secrets(old.messageId), await secrets(young.messageId)].map((rows) => rows.length)).toEqual([0, 1])
  })

  it('cancels mail that nobody wants any more', async () => {
    const ours = await held()
    await settle(ours, cancel)
    expect(await message(ours.messageId)).toMatchObject({ status: 'cancelled', sent_at: null, retry_count: 0 })
    expect((await message(ours.messageId))?.['closed_at']).not.toBeNull()
    expect(await work(ours.messageId)).toEqual([])
    expect(await events(ours.messageId)).toEqual(['accepted', 'cancelled'])
  })

  it('gives a released message back as it was: no try burned, and it can be held again at once', async () => {
    const first = await held({ secret: true })
    await settle(first, release)
    const [again] = await hold([ring(first.messageId, 1)])
    expect(again).toMatchObject({ retryCount: 0, mayHaveBeenDelivered: false })
    expect(again?.sealed).not.toBeNull()
    expect(again?.hold).not.toBe(first.hold)
  })

  it('gives a message back as retrying when a try had failed before, with the words of that try', async () => {
    const first = await held()
    await settle(first, { ...retry, delayMs: 0 }, '451 later')
    const [second] = await hold([ring(first.messageId, 2)])
    if (!second) throw new Error('It was not held')
    await settle(second, release)
    expect(await message(first.messageId)).toMatchObject({
      status: 'retrying',
      retry_count: 1,
      last_reply: '451 later',
    })
    expect(await work(first.messageId)).toMatchObject([{ attempt: 2, hold: null }])
  })

  it('tells of one long outage once, however often it gives the message back', async () => {
    const id = await accept()
    for (let times = 0; times < 3; times++) {
      const [mine] = await hold([ring(id, 1)])
      if (!mine) throw new Error('It was not held')
      await settle(mine, { kind: 'release', delayMs: 0, delayed: true, inDoubtOfItself: true })
    }
    expect(await events(id)).toEqual(['accepted', 'delayed'])
    expect(await message(id)).toMatchObject({ status: 'queued', retry_count: 0, outages: 3 })
  })

  it('ends a message whose address is on the list as suppressed, and erases its secret', async () => {
    const ours = await held({ secret: true })
    await settle(ours, { kind: 'suppress' })
    expect(await message(ours.messageId)).toMatchObject({ status: 'suppressed', sent_at: null, dead_reason: null })
    expect(await work(ours.messageId)).toEqual([])
    expect(await secrets(ours.messageId)).toEqual([])
    expect(await events(ours.messageId)).toEqual(['accepted', 'suppressed'])
  })

  it('ends what was only pretended as sent, and says so, whatever it was meant to be', async () => {
    const ours = await held({ secret: true })
    await settle(ours, { kind: 'pretend' })
    expect(await message(ours.messageId)).toMatchObject({ status: 'sent', delivery: 'pretend', last_reply: null })
    expect(await work(ours.messageId)).toEqual([])
    expect(await secrets(ours.messageId)).toEqual([])
    expect(await events(ours.messageId)).toEqual(['accepted', 'pretended'])
  })

  it('enters each bounced address once, however many mails to it bounce together', async () => {
    const [one, two] = [await held(), await held()]
    await sql`update messages set to_address = case id when ${one.messageId} then 'Twice@example.com' else 'twice@EXAMPLE.com' end
      where id in (${one.messageId}, ${two.messageId})`
    const bounce: Outcome = { ...dead, suppressAddress: true }
    await settleMessages(sql, [settlement(one, bounce, '550 5.1.1'), settlement(two, bounce, '550 5.1.1')])
    expect(await sql`select 1 from suppressions where address_key = 'twice@example.com'`).toHaveLength(1)
  })

  it('keeps the flag of a message that may have been delivered, whatever comes after', async () => {
    const first = await held()
    await settle(first, { kind: 'retry', delayMs: 0, mayHaveBeenDelivered: true })
    const [second] = await hold([ring(first.messageId, 2)])
    expect(second?.mayHaveBeenDelivered).toBe(true)
    if (second) await settle(second, dead)
    expect(await message(first.messageId)).toMatchObject({ status: 'dead', may_have_been_delivered: true })
  })
})

describe('a proof of acceptance that comes late', () => {
  const provenSent = { status: 'sent', dead_reason: null, may_have_been_delivered: true, last_reply: '250 OK' }

  it('takes back the death, its notice and the secret', async () => {
    const ours = await held({ secret: true })
    await settle(ours, { kind: 'dead', reason: 'ambiguous', mayHaveBeenDelivered: true })
    expect(await work(ours.messageId)).toHaveLength(1)
    await proof(ours)
    expect(await message(ours.messageId)).toMatchObject(provenSent)
    expect(await work(ours.messageId)).toEqual([])
    expect(await secrets(ours.messageId)).toEqual([])
    expect(await events(ours.messageId)).toEqual(['accepted', 'dead', 'proven_sent'])
  })

  it('takes back the suppression that the bounce of another try had entered, and says so in the audit', async () => {
    const ours = await held()
    await settle(ours, { ...dead, suppressAddress: true }, '550 5.1.1 No such user')
    const { to_address: address } = (await message(ours.messageId)) as { to_address: string }
    const listed = () => sql`select message_id, reason, note from suppressions where address = ${address}`
    expect(await listed()).toEqual([
      { message_id: ours.messageId, reason: 'hard_bounce', note: '550 5.1.1 No such user' },
    ])
    await proof(ours)
    expect(await listed()).toEqual([])
    expect(await message(ours.messageId)).toMatchObject(provenSent)
    const audit = await sql`
      select action, detail->>'reason' as reason from audit_log where detail->>'message_id' = ${ours.messageId} order by id`
    expect(audit).toEqual([
      { action: 'suppression.added', reason: 'hard_bounce' },
      { action: 'suppression.removed', reason: 'proven_sent' },
    ])
  })

  it('leaves an entry that people made', async () => {
    const ours = await held()
    await settle(ours, dead)
    await sql`insert into suppressions (address_key, address, reason, message_id, created_by_name)
      values (${ours.messageId}, ${ours.messageId}, 'manual', ${ours.messageId}, 'Maya Example')`
    await proof(ours)
    expect(await sql`select 1 from suppressions where address_key = ${ours.messageId}`).toHaveLength(1)
  })

  it('recalls a notice that has left for email-dlq already', async () => {
    const ours = await held()
    await settle(ours, dead)
    await sql`delete from outbox where message_id = ${ours.messageId}`
    await proof(ours)
    expect(await work(ours.messageId)).toMatchObject([{ kind: 'dead_letter_recalled', hold: null }])
  })

  it('changes nothing when only the answer to our own settle was lost', async () => {
    const ours = await held()
    await settle(ours, sent, '250 OK')
    await proof(ours)
    expect(await message(ours.messageId)).toMatchObject({ status: 'sent', may_have_been_delivered: false })
    expect(await events(ours.messageId)).toEqual(['accepted', 'sent'])
  })

  it('flags a mail that another worker has sent too', async () => {
    const ours = await held()
    await runOut(ours.messageId)
    await sql`update outbox set hold = null, held_until = null where message_id = ${ours.messageId}`
    const [second] = await hold([ring(ours.messageId)])
    if (!second) throw new Error('It was not held')
    await settle(second, sent, '250 OK')
    await proof(ours)
    expect(await message(ours.messageId)).toMatchObject(provenSent)
  })

  it('takes back the next try, and the worker that holds it settles nothing more', async () => {
    const ours = await held()
    await settle(ours, { ...retry, delayMs: 0 })
    const [second] = await hold([ring(ours.messageId, 2)])
    if (!second) throw new Error('It was not held')
    await proof(ours)
    expect(await settle(second, dead)).toEqual([])
    expect(await message(ours.messageId)).toMatchObject(provenSent)
    expect(await hold([ring(ours.messageId, 2)])).toEqual([])
  })
})

describe('a hold that ran out', () => {
  // Right after a start of Postgres nobody is taken over.
  beforeAll(async () => {
    if (!(await until(isGracePast, 15_000))) throw new Error('The grace after a start of Postgres does not end')
  })

  it('is taken over once, flagged, and due at once for the same attempt', async () => {
    const ours = await held({ secret: true })
    await runOut(ours.messageId)
    const answers = await Promise.all([takeOver(), takeOver(other), takeOver()])
    expect(answers.flat()).toEqual([{ messageId: ours.messageId, parked: false }])
    expect(await message(ours.messageId)).toMatchObject({
      status: 'queued',
      may_have_been_delivered: true,
      crashes: 1,
      retry_count: 0,
    })
    expect(await events(ours.messageId)).toEqual(['accepted', 'worker_lost'])
    // What the lost worker may still say is fenced off.
    expect(await settle(ours, release)).toEqual([])
    expect(await hold([ring(ours.messageId, 1)])).toMatchObject([{ mayHaveBeenDelivered: true, retryCount: 0 }])
  })

  it('raises no doubt about a mail that was only pretended', async () => {
    const ours = await held()
    await sql`update messages set delivery = 'pretend' where id = ${ours.messageId}`
    await runOut(ours.messageId)
    expect(await takeOver()).toEqual([{ messageId: ours.messageId, parked: false }])
    expect(await message(ours.messageId)).toMatchObject({ may_have_been_delivered: false, crashes: 1 })
  })

  it('is found however often the bells are looked at in between', async () => {
    const ours = await held()
    await runOut(ours.messageId)
    for (let times = 0; times < 3; times++) await takeDueWork(sql, { limit: 100, lowestPriority: 2 })
    expect(await takeOver()).toEqual([{ messageId: ours.messageId, parked: false }])
  })

  it('is left alone while it lasts, and after it was renewed', async () => {
    const ours = await held()
    await sql`update outbox set ring_at = now() where message_id = ${ours.messageId}`
    expect(await takeOver()).toEqual([])
    await runOut(ours.messageId)
    await renewHolds(sql, [ours], 60_000)
    expect(await takeOver()).toEqual([])
    expect(await settle(ours, sent)).toEqual([ours.messageId])
    expect(await message(ours.messageId)).toMatchObject({ status: 'sent', may_have_been_delivered: false })
  })

  it(`parks the message at the ${crashLimit}th worker, with a notice`, async () => {
    const id = await accept({ secret: true })
    for (let crash = 1; crash <= crashLimit; crash++) {
      expect(await hold([ring(id)])).toHaveLength(1)
      await runOut(id)
      expect(await takeOver()).toEqual([{ messageId: id, parked: crash === crashLimit }])
    }
    expect(await message(id)).toMatchObject({ status: 'dead', dead_reason: 'crash_loop', crashes: crashLimit })
    expect(await work(id)).toMatchObject([{ kind: 'dead_letter', hold: null }])
    expect(await hold([ring(id)])).toEqual([])
    expect(await secrets(id)).toHaveLength(1)
  })
})
