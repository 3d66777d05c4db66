import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decide, type SendResult } from '@/core/delivery'
import { crashLimit, isFinal, type Status } from '@/core/message'
import type { Failure } from '@/core/smtp-failure'
import { createTestDatabase } from '@/stack/testing/services'
import { until } from '@/stack/until'
import { acceptMessage, publishFailed } from './accept-message'
import { lockMessage, makeDueNow, putBack } from './act-on-message'
import { cancelOne } from './cancel-messages'
import { openDatabase, openWorkerDatabase, type Sql } from './client'
import { holdMessages, renewHolds, type Held, type Ring } from './hold'
import { putBackUnpublished, removePublishedNotices, takeDueWork, takeOverExpiredHolds } from './relay'
import { settleMessages, settleProvenSent, type Settlement } from './settle'

/**
 * The model check. Two workers, a relay, people and chaos do anything that the program can do, at random and at once, on a
 * real Postgres, to a handful of messages. A small model keeps what really left for the mail server. After each round of
 * steps every rule of the promise is checked.
 *
 * The choices follow from SEED, which stands in the name of the test; only how Postgres interleaves the statements of one round does not.
 * `SEED=7 STEPS=100000 npx vitest run --project integration db/model.int.test.ts` looks longer.
 */
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9))
const steps = Number(process.env['STEPS'] ?? 4_000)
/** Few, so that everybody meets at the same ones. */
const messagesAtOnce = 6
const holdMs = 600_000

let database: Awaited<ReturnType<typeof createTestDatabase>>
let web: ReturnType<typeof openDatabase>
/** Chaos, and the eye that checks. */
let sql: Sql

beforeAll(async () => {
  database = await createTestDatabase()
  web = openDatabase({ url: database.url, max: 4, part: 'web', answerWithinMs: 30_000 })
  sql = openWorkerDatabase({ url: database.url, max: 4, part: 'model', answerWithinMs: 30_000 })
  // A server that has just started leaves expired holds alone for 10 s.
  const isWarm = async () =>
    (await sql<{ warm: boolean }[]>`select now() - pg_postmaster_start_time() > interval '11 s' as warm`)[0]?.warm ===
    true
  if (!(await until(isWarm, 30_000))) throw new Error('The server does not grow old')
})
afterAll(async () => {
  await Promise.all([web.close(), sql.end({ timeout: 1 })])
  await database.drop()
})

/** mulberry32: small, and the same everywhere. */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
const random = randomFrom(seed)
const chance = (share: number) => random() < share
const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
/** Each with its share; the shares need not come to 1. */
function draw<T>(shares: readonly (readonly [number, T])[]): T {
  let at = random() * shares.reduce((sum, [share]) => sum + share, 0)
  for (const [share, value] of shares) if ((at -= share) < 0) return value
  throw new Error('There was nothing to draw from')
}

/** What the world knows of a message, and Postgres may not. */
type Truth = {
  id: string
  /** The holds under which a copy arrived at the mail server. */
  copies: Set<string>
  /** The holds under which somebody has read the server's 250. */
  proofs: Set<string>
  /** That proof has been recorded, and the recorder had its answer. */
  recorded: boolean
  /** As it stood after the last round. */
  status: Status
  retryCount: number
  /** People asked for it in this round. */
  retried: boolean
}

type Try = { held: Held; hasBegun: boolean }
type Worker = { name: string; sql: Sql; tries: Map<string, Try>; results: Settlement[] }

const truths = new Map<string, Truth>()
/** Every record that ever stood in Kafka about a message that is still watched. Any may come again. */
let log: Ring[] = []
/** Who may send which message, as far as anybody can know. */
const valid = new Map<string, string>()
/** When chaos let a hold run out, as a round. Its worker knows by its own clock. */
const expired = new Map<string, number>()
const ending = new Set<string>()
let round = 0
const counts: Record<string, number> = {}
const count = (what: string) => void (counts[what] = (counts[what] ?? 0) + 1)

class Broken extends Error {
  override name = 'Broken'
}
const broken = (rule: string, facts: unknown): never => {
  throw new Broken(`${rule}\nSEED=${seed} round ${round}\n${JSON.stringify(facts, null, 1)}`)
}

async function accept(): Promise<void> {
  const priority = pick(['high', 'normal', 'low'] as const) ?? 'normal'
  const { id } = await acceptMessage(web.db, {
    type: 'notification',
    template: 'plain',
    to: `a${truths.size}-${Math.floor(random() * 1e9)}@example.com`,
    from: 'noreply@usualstore.com',
    replyTo: null,
    subject: 'Hello',
    data: { body: '[hidden]' },
    priority,
    maxRetries: 1 + Math.floor(random() * 3),
    sensitive: true,
    seal: () => Buffer.from('sealed'),
    userId: null,
    createdByName: 'Maya',
    onAmbiguous: chance(0.3) ? 'hold' : 'retry',
  })
  truths.set(id, {
    id,
    copies: new Set(),
    proofs: new Set(),
    recorded: false,
    status: 'queued',
    retryCount: 0,
    retried: false,
  })
  if (chance(0.7)) log.push(ringOf(id, 1))
}

const ringOf = (messageId: string, attempt: number): Ring => ({ messageId, attempt, partition: 0, offset: log.length })

async function hold(worker: Worker): Promise<void> {
  const rings = new Map<string, Ring>()
  for (let wanted = 1 + Math.floor(random() * 4); wanted > 0; wanted--) {
    // Often one that rings for the next try, sometimes any from long ago.
    const truth = chance(0.6) ? pick([...truths.values()]) : undefined
    const ring = truth ? ringOf(truth.id, truth.retryCount + 1) : pick(log)
    if (ring) rings.set(ring.messageId + ring.attempt, ring)
  }
  const requests = [...rings.values()].map((ring) => ({ ...ring, hold: randomUUID() }))
  const ask = () => holdMessages(worker.sql, requests, { holdMs, worker: worker.name })
  // Its answer was lost on the way, and the worker asks again.
  if (chance(0.15)) await ask()
  for (const held of await ask()) {
    const before = valid.get(held.messageId)
    if (before !== undefined && !expired.has(before) && !ending.has(before))
      broken('Nobody gets what somebody else holds', { held, before })
    if (!rings.has(held.messageId + held.attempt))
      broken('A record of another try is stale', { held, asked: [...rings.values()] })
    valid.set(held.messageId, held.hold)
    worker.tries.set(held.hold, { held, hasBegun: false })
    count('held')
  }
}

const failure = (stage: Failure['stage'], code: number | null, reply: string): SendResult => ({
  kind: 'failed',
  failure: { stage, command: stage === 'envelope' ? 'rcpt' : null, code, reply, errorCode: null },
})

/** One more thing happens to something that a worker holds: it begins, or it comes to a result. */
function send(worker: Worker): void {
  const one = pick([...worker.tries.values()])
  if (!one) return
  if (!one.hasBegun) {
    // The last look before the body.
    if (expired.has(one.held.hold)) finish(worker, one, { kind: 'not_begun', why: 'hold_too_short' })
    else if (one.held.suppressed) finish(worker, one, { kind: 'suppressed', ...one.held.suppressed })
    else if (chance(0.85)) one.hasBegun = true
    else
      finish(
        worker,
        one,
        draw<SendResult>([
          [3, { kind: 'not_begun', why: 'stopping' }],
          [3, { kind: 'not_begun', why: 'paused' }],
          [2, failure('connect', null, 'connect ECONNREFUSED')],
          [1, { kind: 'not_rendered', error: 'no template' }],
          [1, { kind: 'not_wanted', why: 'The account was deleted' }],
          [1, { kind: 'expired' }],
        ]),
      )
    return
  }
  const result = draw<SendResult>([
    [6, { kind: 'accepted', reply: '250 OK' }],
    [4, failure('dot', null, 'The line broke after the final dot')],
    [4, failure('envelope', 451, '451 4.3.0 try again later')],
    [1, failure('envelope', 550, '550 5.7.1 refused')],
    [1, failure('envelope', 550, '550 5.1.1 no such user')],
    [1, failure('body', null, 'The line broke in the body')],
  ])
  const isDoubtful = result.kind === 'failed' && result.failure.stage === 'dot'
  const truth = truths.get(one.held.messageId)
  if (truth && (result.kind === 'accepted' || (isDoubtful && chance(0.5)))) truth.copies.add(one.held.hold)
  if (truth && result.kind === 'accepted') truth.proofs.add(one.held.hold)
  count(result.kind === 'accepted' ? 'accepted' : isDoubtful ? 'doubtful' : 'refused')
  // Killed at the worst moment of all: what left is known to nobody.
  if (chance(0.1)) worker.tries.delete(one.held.hold)
  else finish(worker, one, result)
}

function finish(worker: Worker, { held }: Try, result: SendResult): void {
  worker.tries.delete(held.hold)
  const { outcome, cause } = decide({
    result,
    retryCount: held.retryCount,
    maxRetries: held.maxRetries,
    flagged: held.mayHaveBeenDelivered,
    outages: held.outages,
    serverIsOut: false,
    serverWasOut: false,
    onAmbiguous: held.onAmbiguous,
    ownSender: true,
    rules: { retryBaseMs: 30_000, ambiguousWaitMs: 300_000 },
    jitter: random(),
  })
  worker.results.push({ messageId: held.messageId, hold: held.hold, outcome, reply: null, cause, detail: {} })
}

/** As worker/settler.ts does it; sometimes the answer is lost, and all of it is told again. */
async function settle(worker: Worker): Promise<void> {
  const names = new Set<string>()
  const batch = worker.results.filter(({ messageId }) => !names.has(messageId) && names.add(messageId))
  worker.results = worker.results.filter((result) => !batch.includes(result))
  for (const { hold } of batch) ending.add(hold)
  for (let times = chance(0.15) ? 2 : 1; times > 0; times--) {
    const settled = new Set(await settleMessages(worker.sql, batch))
    for (const { messageId, hold, outcome, reply, detail } of batch) {
      count(`settled ${outcome.kind}${settled.has(messageId) ? '' : ', hold lost'}`)
      if (outcome.kind !== 'sent') continue
      if (!settled.has(messageId)) await settleProvenSent(worker.sql, { messageId, hold, reply, detail })
      const truth = truths.get(messageId)
      if (truth) truth.recorded = true
    }
  }
}

async function renew(worker: Worker): Promise<void> {
  const asked = Array.from(worker.tries.values(), ({ held }) => held)
  const since = round
  for (const hold of (await renewHolds(worker.sql, asked, holdMs)).renewed) {
    // Ours again, unless chaos came in this very round: then nobody can say which was first.
    if ((expired.get(hold) ?? since) < since) expired.delete(hold)
  }
}

/** kill -9: all that it knew is gone. What it has asked of Postgres may still happen. */
function crash(worker: Worker): void {
  worker.tries.clear()
  worker.results = []
  count('crashed')
}

/** Lets a hold run out before its time. */
async function expire(): Promise<void> {
  const hold = pick([...valid.values()])
  if (hold === undefined) return
  expired.set(hold, round)
  await sql`update outbox set held_until = now() - interval '1 s', ring_at = now() where hold = ${hold}`
}

async function takeOver(): Promise<void> {
  for (const { parked } of await takeOverExpiredHolds(sql, { limit: 10, crashLimit }))
    count(parked ? 'parked' : 'taken over')
}

async function relay(by: Sql): Promise<void> {
  const due = await takeDueWork(by, { limit: 1 + Math.floor(random() * 6), lowestPriority: chance(0.3) ? 0 : 2 })
  const ids = due.map((work) => work.outboxId)
  switch (
    draw([
      [6, 'published'],
      [2, 'lost'],
      [2, 'refused'],
    ] as const)
  ) {
    case 'published': {
      for (const work of due) if (work.kind === 'send') log.push(ringOf(work.messageId, work.attempt))
      await removePublishedNotices(
        by,
        due.filter((work) => work.kind !== 'send').map((work) => work.outboxId),
      )
      break
    }
    case 'refused':
      await putBackUnpublished(by, ids)
      break
    case 'lost':
  }
}

/** What is due later is due now. */
async function timePasses(): Promise<void> {
  await sql`
    with work as (select id from outbox where due_at > now() or ring_at > now() order by message_id for update)
    update outbox o set due_at = least(o.due_at, now()), ring_at = now() from work where o.id = work.id`
}

async function cancel(): Promise<void> {
  const truth = pick([...truths.values()])
  if (truth && (await web.db.transaction((tx) => cancelOne(tx, { id: truth.id, by: 'Maya' })))) count('cancelled')
}

/** As server/retry-message.ts does it. */
async function retry(): Promise<void> {
  const truth = pick([...truths.values()])
  if (!truth) return
  truth.retried = true
  const isForRelay = chance(0.5)
  const back = { id: truth.id, by: 'Maya', isForRelay }
  const attempt = await web.db.transaction(async (tx) => {
    const message = await lockMessage(tx, truth.id)
    if (message?.status === 'dead') return (await putBack(tx, { ...back, lifeMinutes: 60 })).attempt
    if (message?.status === 'retrying') return (await makeDueNow(tx, back)).attempt
    return null
  })
  if (attempt === null) return
  count('retried')
  if (isForRelay) return
  if (chance(0.7)) log.push(ringOf(truth.id, attempt))
  else await publishFailed(web.db, [truth.id])
}

type Row = {
  id: string
  status: Status
  flagged: boolean
  retry_count: number
  max_retries: number
  crashes: number
  dead_reason: string | null
  is_closed: boolean
  sends: { hold: string | null; attempt: number }[]
  notices: number
  has_secret: boolean
  sent_events: number
  is_listed: boolean
}

/** All of it in one statement, so all of it at one moment. */
const look = (ids: readonly string[]) => sql<Row[]>`
  select m.id, m.status, m.may_have_been_delivered as flagged, m.retry_count, m.max_retries, m.crashes, m.dead_reason, m.closed_at is not null as is_closed,
    (select coalesce(json_agg(json_build_object('hold', o.hold, 'attempt', o.attempt)), '[]') from outbox o where o.message_id = m.id and o.kind = 'send') as sends,
    (select count(*)::int from outbox o where o.message_id = m.id and o.kind = 'dead_letter') as notices,
    exists (select from message_secrets s where s.message_id = m.id) as has_secret,
    (select count(*)::int from message_events e where e.message_id = m.id and e.event in ('sent', 'proven_sent')) as sent_events,
    exists (select from suppressions s where s.message_id = m.id and s.reason = 'hard_bounce') as is_listed
  from messages m where m.id = any(${[...ids]}::uuid[])`

/** From where people, time and workers may lead in one round. */
function mayFollow(before: Truth, now: Status): boolean {
  if (before.status === now || now === 'sent') return before.status === now || before.proofs.size > 0
  switch (before.status) {
    case 'sent':
      return false
    case 'dead':
      return before.retried
    case 'cancelled':
    case 'suppressed':
      return false
    default:
      return true
  }
}

function check(row: Row): void {
  const truth = truths.get(row.id)
  if (!truth) return
  const rule = (text: string, holds: boolean) => {
    if (!holds) broken(text, { row, truth: { ...truth, copies: [...truth.copies], proofs: [...truth.proofs] } })
  }
  const work = row.sends[0]
  const done = isFinal(row.status)
  rule('Work is left exactly while a message is not final', row.sends.length === (done ? 0 : 1))
  rule('It is called sending exactly while it is held', (row.status === 'sending') === ((work?.hold ?? null) !== null))
  rule('A final message is closed, no other is', row.is_closed === done)
  rule('Its work stands for its next try', !work || work.attempt === row.retry_count + 1)
  rule('It is not tried more often than it may be', row.retry_count <= row.max_retries)
  rule('It costs no more workers than it may', row.crashes <= crashLimit)
  rule('Tries only grow, but for people', row.retry_count >= truth.retryCount || truth.retried)
  rule('The dead have a reason, and nobody else has', (row.status === 'dead') === (row.dead_reason !== null))
  rule('Only the dead have a notice, one at most', row.notices <= (row.status === 'dead' ? 1 : 0))
  rule('Sent needs a proof', row.status !== 'sent' || (truth.proofs.size > 0 && row.sent_events > 0))
  rule('Each proof is told once', row.sent_events <= truth.proofs.size)
  rule('A proof that was recorded wins', !truth.recorded || row.status === 'sent')
  rule('What is final stays so, but for people and proofs', mayFollow(truth, row.status))
  rule('Whoever may still be sent keeps the secret', row.has_secret || (done && row.status !== 'dead'))
  rule('Whoever is done with leaves no secret', !row.has_secret || !done || row.status === 'dead')
  rule('An address that took the mail is not listed', row.status !== 'sent' || !row.is_listed)
  const doubtful = [...truth.copies].filter((copy) => copy !== work?.hold).length - (row.status === 'sent' ? 1 : 0)
  rule('Whoever may get a second copy is flagged', doubtful <= 0 || row.flagged)
  Object.assign(truth, { status: row.status, retryCount: row.retry_count, retried: false })
}

/** Everything that is watched is looked at; what has been final for long makes room. */
async function checkAll(): Promise<void> {
  const rows = await look([...truths.keys()])
  if (rows.length !== truths.size) broken('No message vanishes', { watched: truths.size, there: rows.length })
  for (const row of rows) check(row)
  const over = rows.filter((row) => isFinal(row.status))
  for (const { id, status } of over) {
    if (!chance(status === 'dead' ? 0.05 : 0.1)) continue
    truths.delete(id)
    log = log.filter((ring) => ring.messageId !== id)
    valid.delete(id)
    count(`ended ${status}`)
  }
}

/** Nobody disturbs any more: whatever is left must come to its end by itself. */
async function drain(worker: Worker): Promise<void> {
  for (let left = 60; left > 0; left--) {
    round++
    await expire()
    await takeOver()
    await timePasses()
    await relay(worker.sql)
    const requests = log.slice(-20).map((ring) => ({ ...ring, hold: randomUUID() }))
    const held = await holdMessages(worker.sql, requests, { holdMs, worker: worker.name })
    for (const one of held) {
      valid.set(one.messageId, one.hold)
      const begun: Try = { held: one, hasBegun: true }
      // It bounced, and people put it back: its address is still on the list.
      if (one.suppressed) {
        finish(worker, begun, { kind: 'suppressed', ...one.suppressed })
        continue
      }
      const truth = truths.get(one.messageId)
      truth?.copies.add(one.hold)
      truth?.proofs.add(one.hold)
      finish(worker, begun, { kind: 'accepted', reply: '250 OK' })
    }
    await settle(worker)
    const rows = await look([...truths.keys()])
    for (const row of rows) check(row)
    if (rows.every((row) => isFinal(row.status))) return
  }
  broken('Every message comes to its end', await look([...truths.keys()]))
}

test(
  `whatever happens in whatever order, no message is lost and no second copy is unflagged (SEED=${seed})`,
  async () => {
    const workers = ['w1', 'w2'].map((name): Worker => ({
      name,
      sql: openWorkerDatabase({ url: database.url, max: 4, part: name, answerWithinMs: 30_000 }),
      tries: new Map(),
      results: [],
    }))
    const [first] = workers
    if (!first) throw new Error('There is no worker')
    const aWorker = () => pick(workers) ?? first
    try {
      for (let done = 0; done < steps; round++) {
        while (truths.size < messagesAtOnce) await accept()
        const atOnce = 2 + Math.floor(random() * 5)
        done += atOnce
        const step = () =>
          draw<() => Promise<void> | void>([
            [10, () => hold(aWorker())],
            [14, () => send(aWorker())],
            [8, () => settle(aWorker())],
            [2, () => renew(aWorker())],
            [0.7, () => crash(aWorker())],
            [3, expire],
            [3, takeOver],
            [5, () => relay(aWorker().sql)],
            [5, timePasses],
            [0.7, cancel],
            [1.5, retry],
          ])
        await Promise.all(Array.from({ length: atOnce }, step).map(async (act) => act()))
        await checkAll()
      }
      // All workers die, and one new one finds what they left.
      for (const worker of workers) crash(worker)
      await drain(first)
    } finally {
      await Promise.all(workers.map((worker) => worker.sql.end({ timeout: 1 })))
    }
    // It has seen what it is there to see.
    const wanted = ['taken over', 'cancelled', 'retried', 'settled sent, hold lost', 'settled dead']
    expect(wanted.filter((what) => !counts[what])).toEqual([])
  },
  30 * 60_000,
)
