import { setTimeout as wait } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { GET } from '@/app/api/live/route'
import { origin } from '@/app/api/testing'
import { sendMessageRequest } from '@/core/requests'
import { eventReader, heartbeatText, type LiveEvent } from '@/core/live'
import { auditLog, breakers, messageEvents, messages, outbox, sessions, users } from '@/db/schema'
import { createTestDatabase } from '@/stack/testing/services'
import { context } from './context'
import { getDelivery } from './get-delivery'
import { LiveFeed } from './live-feed'
import { sendMessage } from './send-message'
import { asked, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let actor: Awaited<ReturnType<TestContext['key']>>['actor']

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  actor = (await app.key(['messages:send'])).actor
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const open: { leave: () => Promise<void> }[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(open.splice(0).map(({ leave }) => leave()))
})

/** Reads what is told, all the time. */
function follow(stream: ReadableStream<Uint8Array>) {
  const told: LiveEvent[] = []
  const reader = stream.getReader()
  const read = eventReader()
  const decoder = new TextDecoder()
  let isOver = false
  const reading = (async () => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      told.push(...read(decoder.decode(value, { stream: true })))
    }
    isOver = true
  })()
  const line = {
    told,
    isOver: () => isOver,
    /** Resolves when this has been told. */
    hears: (event: LiveEvent['event'], ms = 3_000) =>
      vi.waitFor(() => expect(told.map((one) => one.event)).toContain(event), { timeout: ms, interval: 10 }),
    messages: () => told.flatMap((one) => (one.event === 'messages' ? one.data.messages : [])),
    async leave() {
      await reader.cancel()
      await reading
    },
  }
  open.push(line)
  return line
}

async function listenAs(cookie: string) {
  const request = new Request(`${origin}/api/live`, { headers: { cookie, 'x-poll': '1' } })
  const response = await GET(request, { params: Promise.resolve({}) })
  expect(response.status).toBe(200)
  return { response, ...follow(response.body as ReadableStream<Uint8Array>) }
}

const ask = async (to: string) => {
  const request = sendMessageRequest.parse({ to, subject: 'Your order', message: 'It is on its way.' })
  return (await sendMessage(app, asked(actor), request)).id
}

test('what is asked for, sent or held by a worker is told within a second, with whose it is', async () => {
  const person = await app.person('user')
  const { cookie } = await app.person('supporter')
  const line = await listenAs(cookie)
  expect(line.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(line.response.headers.get('cache-control')).toBe('no-store, no-transform')
  await line.hears('here')

  const startedAt = performance.now()
  const id = await ask(person.email)
  await vi.waitFor(() => expect(line.messages().map((one) => one.id)).toContain(id), { interval: 10 })
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  expect(line.messages().at(-1)).toMatchObject({ id, status: 'queued', to: person.email, summary: expect.any(String) })

  // A hold writes no event.
  await app.owner.update(messages).set({ userId: person.id }).where(eq(messages.id, id))
  await app.owner.update(outbox).set({ hold: crypto.randomUUID() }).where(eq(outbox.messageId, id))
  await vi.waitFor(() => expect(line.messages().at(-1)).toMatchObject({ id, user_id: person.id }))
})

test('what commits later than what came after it is told all the same', async () => {
  const line = await listenAs((await app.person('supporter')).cookie)
  await line.hears('here')
  const [late, early] = [await ask('late@example.com'), await ask('early@example.com')]
  // Kafka is away here: that is the last event of both.
  const isWaiting = (id: string) => line.messages().some((one) => one.id === id && one.waiting_for_kafka_since !== null)
  await vi.waitFor(() => expect([late, early].filter(isWaiting)).toHaveLength(2))
  line.told.length = 0

  await app.owner.transaction(async (tx) => {
    await tx.insert(messageEvents).values({ messageId: late, event: 'delayed' })
    await app.owner.insert(messageEvents).values({ messageId: early, event: 'delayed' })
    await vi.waitFor(() => expect(line.messages().map((one) => one.id)).toEqual([early]))
  })
  await vi.waitFor(() => expect(line.messages().map((one) => one.id)).toEqual([early, late]))
  // And nothing is told twice.
  await wait(700)
  expect(line.messages()).toHaveLength(2)
})

test('accounts that were dealt with and a pause of sending are told; more than 200 messages are told as one reload', async () => {
  const line = await listenAs((await app.person('supporter')).cookie)
  await line.hears('here')
  await wait(400)
  await app.owner
    .insert(auditLog)
    .values({ actor: 'system', action: 'user.edited', target: 'user:77', requestId: 'test-request' })
  await vi.waitFor(() => expect(line.told).toContainEqual({ event: 'audit', data: { users: [77] } }))

  await app.owner
    .insert(breakers)
    .values({ route: 'primary', state: 'open' })
    .onConflictDoUpdate({
      target: breakers.route,
      set: { state: 'open' },
    })
  await line.hears('delivery')

  const many = Array.from({ length: 201 }, () => ({ messageId: crypto.randomUUID(), event: 'delayed' }))
  await app.owner.insert(messageEvents).values(many)
  await line.hears('reload')
})

/** The statements of this process in so many milliseconds. */
async function statementsIn(ms: number) {
  const spies = (['execute', 'select', 'insert', 'update', 'transaction'] as const).map((name) =>
    vi.spyOn(context().db, name),
  )
  await wait(ms)
  const count = spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0)
  vi.restoreAllMocks()
  return count
}

test('fifty open tabs ask the database as often as one does; none, not at all', async () => {
  const { cookie } = await app.person('supporter')
  await vi.waitFor(() => expect(context().live.listeners).toBe(0))
  expect(await statementsIn(1_000)).toBe(0)

  const first = await listenAs(cookie)
  await first.hears('here')
  const withOne = await statementsIn(3_000)
  expect(withOne).toBeGreaterThanOrEqual(5)
  expect(withOne).toBeLessThanOrEqual(13)

  const others = await Promise.all(Array.from({ length: 49 }, () => listenAs(cookie)))
  await Promise.all(others.map((line) => line.hears('here')))
  expect(context().live.listeners).toBe(50)
  expect(await statementsIn(3_000)).toBeLessThanOrEqual(13)

  // With a change: one more, that reads it for all of them.
  const [statements, id] = await Promise.all([statementsIn(3_000), ask('many@example.com')])
  await Promise.all(
    [first, ...others].map((line) => vi.waitFor(() => expect(line.messages().map((one) => one.id)).toContain(id))),
  )
  // Accepting it takes a transaction and a few looks.
  expect(statements).toBeLessThanOrEqual(20)

  await Promise.all(open.splice(0).map(({ leave }) => leave()))
  expect(context().live.listeners).toBe(0)
  await wait(400)
  expect(await statementsIn(1_000)).toBe(0)
})

test('what open pages of the overview count, fifty ask for at the price of one', async () => {
  const [one] = await Promise.all([statementsIn(500), getDelivery(context())])
  await wait(1_100)
  const [fifty] = await Promise.all([statementsIn(500), ...Array.from({ length: 50 }, () => getDelivery(context()))])
  expect(one).toBeGreaterThan(0)
  expect(fifty).toBe(one)
})

test('the stream ends at the next check after the session has', async () => {
  const kept = context().live
  const quick = new LiveFeed(context(), { checkMs: 100 })
  Object.assign(context(), { live: quick })
  try {
    const person = await app.person('supporter')
    const line = await listenAs(person.cookie)
    await line.hears('here')
    await wait(300)
    expect(line.isOver()).toBe(false)
    await app.owner.delete(sessions).where(eq(sessions.id, person.sessionId))
    await vi.waitFor(() => expect(line.isOver()).toBe(true))
    expect(quick.listeners).toBe(0)
  } finally {
    Object.assign(context(), { live: kept })
    quick.close()
  }
})

test('whoever is disabled hears nothing that comes after it, long before the next check', async () => {
  const [person, other] = [await app.person('supporter'), await app.person('supporter')]
  const [line, others] = [await listenAs(person.cookie), await listenAs(other.cookie)]
  await Promise.all([line.hears('here'), others.hears('here')])
  await app.owner.transaction(async (tx) => {
    await tx.update(users).set({ status: 'disabled' }).where(eq(users.id, person.id))
    const row = {
      actor: 'system',
      action: 'user.edited',
      target: `user:${person.id}`,
      requestId: 'test-request',
    } as const
    await tx.insert(auditLog).values(row)
    const [first] = await tx.select({ id: messages.id }).from(messages).limit(1)
    await tx.insert(messageEvents).values({ messageId: first?.id ?? '', event: 'delayed' })
  })
  await others.hears('messages')
  await vi.waitFor(() => expect(line.isOver()).toBe(true))
  expect(line.messages()).toEqual([])
})

test('a line that brings nothing gives a sign of life every 2.5 s, whatever Postgres does', async () => {
  const feed = new LiveFeed(context())
  const lost = vi.spyOn(context().db, 'execute').mockReturnValue(new Promise(() => undefined) as never)
  const reader = feed.listen(0, () => Promise.resolve(true)).getReader()
  const startedAt = performance.now()
  const read = async () => new TextDecoder().decode((await reader.read()).value)
  expect([await read(), await read(), await read()]).toEqual([heartbeatText, heartbeatText, heartbeatText])
  expect(performance.now() - startedAt).toBeLessThan(7_000)
  lost.mockRestore()
  await reader.cancel()
  feed.close()
})

test('while Postgres is away it says so, and "here" when it is back; nobody is sent away for it', async () => {
  const feed = new LiveFeed(context(), { checkMs: 100 })
  const line = follow(feed.listen(0, () => Promise.reject(new Error('The database is away'))))
  await line.hears('here')
  line.told.length = 0
  const lost = vi.spyOn(context().db, 'execute').mockRejectedValue(new Error('connect ECONNREFUSED'))
  await line.hears('away')
  lost.mockRestore()
  await line.hears('here')
  expect(line.isOver()).toBe(false)
  feed.close()
  await vi.waitFor(() => expect(line.isOver()).toBe(true))
  expect(() => feed.listen(0, () => Promise.resolve(true))).toThrow('Changes cannot be followed right now')
})

test('who takes nothing is told one reload instead of all that was missed, and is left when it stays so', async () => {
  const feed = new LiveFeed(context(), { checkMs: 2_000 })
  const reader = feed.listen(0, () => Promise.resolve(true)).getReader()
  const other = follow(feed.listen(0, () => Promise.resolve(true)))
  await other.hears('here')
  const ids = await Promise.all(Array.from({ length: 150 }, (_, count) => ask(`slow-${count}@example.com`)))
  for (let round = 0; round < 6; round++) {
    other.told.length = 0
    await app.owner.insert(messageEvents).values(ids.map((messageId) => ({ messageId, event: 'delayed' })))
    await vi.waitFor(() => expect(other.messages().length).toBeGreaterThanOrEqual(150))
  }
  await vi.waitFor(() => expect(feed.listeners).toBe(1), { timeout: 6_000 })
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
  }
  expect(size).toBeLessThan(600 * 1024)
  feed.close()
})
