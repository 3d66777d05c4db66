import { eq, sql, type SQL } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { GET as getExport } from '@/app/api/messages/export/route'
import { cancelOne } from '@/db/cancel-messages'
import { findMessageIds } from '@/db/find-messages'
import { holdMessages } from '@/db/hold'
import { takeOverExpiredHolds } from '@/db/relay'
import { apiKeys } from '@/db/schema'
import { settleMessages } from '@/db/settle'
import { openWorkerDatabase, type Sql } from '@/db/client'
import { crashLimit } from '@/core/message'
import { messageFilter, listMessagesQuery, sendMessageRequest } from '@/core/requests'
import { scopes, type Actor } from '@/core/permissions'
import { createTestDatabase } from '@/stack/testing/services'
import { countMessages } from './count-messages'
import { exportMessages } from './export-messages'
import { listMessages } from './list-messages'
import { sendMessage } from './send-message'
import { asked, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let worker: Sql
let service: Actor
let other: Actor

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url, LIMIT_KEY_PER_DAY: '0', LIMIT_RECIPIENT_PER_DAY: '0' })
  worker = openWorkerDatabase({ url: database.url, max: 2, part: 'test worker' })
  service = (await app.key(scopes)).actor
  other = (await app.key(scopes, { name: 'billing' })).actor
})
afterAll(async () => {
  await Promise.all([app.close(), worker.end()])
  await database.drop()
})

let count = 0
async function send(given: { to?: string; subject?: string; send_at?: string } = {}, actor: Actor = service) {
  count++
  const message = { to: `m${count}@example.com`, subject: `Parcel ${count}`, message: 'On its way', ...given }
  return (await sendMessage(app, asked(actor), sendMessageRequest.parse(message))).id
}

/** As a worker does it: hold, then settle. */
async function settle(id: string, outcome: Parameters<typeof settleMessages>[1][number]['outcome']) {
  await app.owner.execute(sql`update outbox set due_at = now() where message_id = ${id}`)
  const attempt = await app.owner.execute<{ attempt: number }>(sql`select attempt from outbox where message_id = ${id}`)
  const ring = { messageId: id, attempt: attempt[0]?.attempt ?? 1, partition: 0, offset: 1, hold: crypto.randomUUID() }
  const [held] = await holdMessages(worker, [ring], { holdMs: 60_000, worker: 'test' })
  const settled = { messageId: id, hold: held?.hold ?? '', outcome, reply: '250 Ok', detail: { attempt: 1 } }
  expect(await settleMessages(worker, [settled])).toEqual([id])
}

const refused = { kind: 'dead', reason: 'refused', mayHaveBeenDelivered: false } as const
const doubtful = { kind: 'dead', reason: 'ambiguous', mayHaveBeenDelivered: true } as const
const again = { kind: 'retry', delayMs: 60_000, mayHaveBeenDelivered: false } as const

const at = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()

const found = async (query: object) => {
  const page = await listMessages(app, listMessagesQuery.parse(query))
  return page.messages.map((message) => message.id)
}
const counted = (query: object) => countMessages(app, messageFilter.parse(query))

/** How often a message was changed, and how often that touched no index. Counts reach the view a moment later. */
const updates = async () => {
  await worker`select pg_stat_force_next_flush()`
  const [row] = await app.owner.execute<{ all: number; heap_only: number }>(sql`
    select n_tup_upd::int as all, n_tup_hot_upd::int as heap_only from pg_stat_user_tables where relname = 'messages'`)
  return row ?? { all: 0, heap_only: 0 }
}

const caller = { requestId: 'test', mayStill: () => Promise.resolve(true) }

async function exported(query: object): Promise<string[]> {
  const text = await new Response(exportMessages(app, messageFilter.parse(query), caller)).text()
  return text.split('\r\n').slice(1, -1)
}

beforeEach(async () => {
  await app.owner.execute(sql`truncate messages, outbox, message_events`)
})

// The first of all: nothing else has updated a message of this database yet.
test('what every mail goes through touches no index of messages, however many there are', async () => {
  for (let i = 0; i < 20; i++) await settle(await send(), i % 4 === 0 ? again : { kind: 'sent' })
  await expect.poll(updates).toEqual({ all: 40, heap_only: 40 })
})

describe('whose mail it is', () => {
  test('a whole address is that address alone, in capitals or not, and a wildcard is none', async () => {
    const ann = await send({ to: 'Ann@example.com' })
    await send({ to: 'joann@example.com' })
    await send({ to: 'ann@example.com.ua' })
    const odd = await send({ to: 'a_n@example.com' })
    expect(await found({ address: 'ann@EXAMPLE.com' })).toEqual([ann])
    expect(await found({ address: 'a_n@example.com' })).toEqual([odd])
    expect(await found({ address: '%@example.com' })).toEqual([])
    expect(await counted({ address: 'ann@example.com' })).toMatchObject({ count: 1 })
  })

  test('however long ago it was', async () => {
    const old = await send({ to: 'old@example.com' })
    await app.owner.execute(sql`update messages set id = uuidv7(interval '-1 day') where id = ${old}`)
    await app.owner.execute(sql`
      insert into messages (type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, created_by_name)
      select 'notification', 'plain', 'gold@example.com', 'a@example.com', 'Busy', '{}', false, 1, 3, 'seed' from generate_series(1, 3000)`)
    expect(await found({ address: 'old@example.com' })).toHaveLength(1)
  })

  test('all mail of a person: about their account wherever it went, and to their address; by pages, none twice', async () => {
    const { id, email } = await app.person('user', { email: 'new@example.com' })
    const all: string[] = []
    for (let i = 0; i < 3; i++) {
      const about = await send({ to: 'before@example.com' })
      await app.owner.execute(sql`update messages set user_id = ${id} where id = ${about}`)
      const both = await send({ to: email })
      await app.owner.execute(sql`update messages set user_id = ${id} where id = ${both}`)
      all.unshift(await send({ to: email.toUpperCase() }), both, about)
      await send({ to: `re${email}` })
    }
    expect(await found({ person: String(id) })).toEqual(all)
    expect(await found({ user: String(id) })).toEqual(all.filter((_, at) => at % 3 !== 0))
    const read: string[] = []
    let cursor: string | null = null
    do {
      const query = { person: String(id), limit: '2', ...(cursor === null ? {} : { cursor }) }
      const page = await listMessages(app, listMessagesQuery.parse(query))
      read.push(...page.messages.map((message) => message.id))
      cursor = page.next_cursor
    } while (cursor !== null)
    expect(read).toEqual(all)
    expect(await found({ person: '999999' })).toEqual([])
    await expect(found({ person: String(id), status: 'sent' })).rejects.toThrow('goes with cursor and limit alone')
  })
})

describe('a filter by status', () => {
  test('finds what was given up because workers were lost over it, once', async () => {
    const lost = await send()
    for (let crashes = 0; crashes < crashLimit; crashes++) {
      await app.owner.execute(sql`
        update outbox set hold = gen_random_uuid(), held_until = now() - interval '1 s', ring_at = now() where message_id = ${lost}`)
      // A Postgres that has just started gives workers ten seconds.
      const takeOver = () => takeOverExpiredHolds(worker, { limit: 10, crashLimit })
      await expect.poll(takeOver, { timeout: 15_000 }).toHaveLength(1)
    }
    expect(await found({ status: 'dead' })).toEqual([lost])
    expect(await found({ status: 'may_have_been_delivered' })).toEqual([lost])
    expect(await counted({ status: 'dead' })).toMatchObject({ count: 1, is_exact: true })
  })

  test('finds what is under way, what ended, and what nobody can be sure of, newest first', async () => {
    const queued = await send()
    const retrying = await send()
    await settle(retrying, again)
    const sent = await send()
    await settle(sent, { kind: 'sent' })
    const dead = await send()
    await settle(dead, refused)
    const unsure = await send()
    await settle(unsure, doubtful)
    const cancelled = await send()
    await app.owner.transaction((tx) => cancelOne(tx, { id: cancelled, by: 'Maya' }))
    const suppressed = await send()
    await settle(suppressed, { kind: 'suppress' })

    expect(await found({ status: 'queued' })).toEqual([queued])
    expect(await found({ status: 'retrying' })).toEqual([retrying])
    expect(await found({ status: 'sent' })).toEqual([sent])
    expect(await found({ status: 'dead' })).toEqual([unsure, dead])
    expect(await found({ status: 'cancelled' })).toEqual([cancelled])
    expect(await found({ status: 'suppressed' })).toEqual([suppressed])
    expect(await found({ status: 'may_have_been_delivered' })).toEqual([unsure])
    expect(await found({ status: 'retrying,dead,may_have_been_delivered' })).toEqual([unsure, dead, retrying])
    expect(await found({ status: 'sent,suppressed' })).toEqual([suppressed, sent])
    expect(await found({ status: 'dead', search: 'no such thing' })).toEqual([])
    expect(await counted({ status: 'dead' })).toMatchObject({ count: 2, is_exact: true, total: 7 })
  })

  test('finds a message once that died twice, and not at all once it was sent', async () => {
    const id = await send()
    await settle(id, refused)
    await app.owner.execute(sql`insert into message_events (message_id, event) values (${id}, 'dead')`)
    expect(await found({ status: 'dead' })).toEqual([id])
    await app.owner.execute(sql`update messages set status = 'sent' where id = ${id}`)
    expect(await found({ status: 'dead' })).toEqual([])
  })

  test('does not call a mail doubtful while it is being sent, or when it was accepted', async () => {
    const ids = [await send(), await send(), await send()]
    await app.owner.execute(sql`update messages set may_have_been_delivered = true`)
    await app.owner.execute(sql`update messages set status = 'sending' where id = ${ids[0]}`)
    await app.owner.execute(sql`update messages set status = 'sent' where id = ${ids[1]}`)
    expect(await found({ status: 'may_have_been_delivered' })).toEqual([ids[2]])
  })
})

describe('a filter by delivery', () => {
  test('finds what is held, and what was only pretended', async () => {
    await send()
    const held = await send()
    const pretended = await send()
    await app.owner.execute(sql`update messages set delivery = 'held' where id = ${held}`)
    await settle(pretended, { kind: 'pretend' })
    expect(await found({ delivery: 'held' })).toEqual([held])
    expect(await found({ delivery: 'pretend' })).toEqual([pretended])
    expect(await found({ delivery: 'pretend', status: 'dead' })).toEqual([])
    expect(await found({ delivery: 'held,pretend' })).toEqual([pretended, held])
    await app.owner.transaction((tx) => cancelOne(tx, { id: held, by: 'Maya' }))
    expect(await found({ delivery: 'held' })).toEqual([held])
  })
})

describe('filters by what a message is', () => {
  test('take a sender, a template, a type, and a part of address or subject, all at once', async () => {
    const mine = await send({ to: 'ravi@example.org', subject: 'Your order 4711' })
    const theirs = await send({ to: 'ravi@example.org', subject: 'An invoice' }, other)
    expect(await found({ sender: 'API key "billing"' })).toEqual([theirs])
    expect(await found({ template: 'plain', sender: 'API key "test"' })).toEqual([mine])
    expect(await found({ type: 'welcome' })).toEqual([])
    expect(await found({ type: 'notification', to: 'RAVI@' })).toEqual([theirs, mine])
    expect(await found({ search: 'order 47' })).toEqual([mine])
    expect(await found({ search: 'example.org', sender: 'API key "billing"' })).toEqual([theirs])
    expect(await found({ to: 'order' })).toEqual([])
  })

  test('take a text as it stands, whatever it holds', async () => {
    const percent = await send({ subject: '100% off_now' })
    await send({ subject: '100 off now' })
    for (const search of ['100%', 'off_now', '%', '_']) expect(await found({ search })).toEqual([percent])
    for (const search of ["'; drop table messages; --", String.raw`\ `, '$1', '\\%'])
      expect(await found({ search })).toEqual([])
    expect(await found({ sender: "x' or '1'='1" })).toEqual([])
    expect(await found({ template: "x' or '1'='1" })).toEqual([])
  })

  test('take a time, by when a message was asked for', async () => {
    const ids: string[] = []
    for (const hours of [40 * 24, 3 * 24, 5, 0]) {
      const id = await send()
      const [moved] = await app.owner.execute<{ id: string }>(sql`
        update messages set id = uuidv7(-${hours}::float8 * interval '1 hour'), created_at = ${at(hours)}::timestamptz where id = ${id} returning id`)
      ids.unshift(moved?.id ?? '')
    }
    expect(await found({})).toEqual(ids)
    expect(await found({ within: '1h' })).toEqual(ids.slice(0, 1))
    expect(await found({ within: '24h' })).toEqual(ids.slice(0, 2))
    expect(await found({ within: '7d' })).toEqual(ids.slice(0, 3))
    expect(await found({ from: at(4 * 24), until: at(1) })).toEqual(ids.slice(1, 3))
    expect(await found({ from: at(4 * 24), within: '24h' })).toEqual(ids.slice(0, 2))
    // Inside the span of ids, but not of time.
    expect(await found({ until: at(5.01) })).toEqual(ids.slice(2))
  })
})

describe('pages', () => {
  test('have no gap and no repetition, whatever comes meanwhile, with and without a filter', async () => {
    const ids: string[] = []
    for (let i = 0; i < 9; i++) ids.unshift(await send())
    for (const id of ids.slice(0, 5)) await settle(id, refused)
    for (const [query, expected] of [
      [{}, ids],
      [{ search: 'parcel' }, ids],
      [{ status: 'dead' }, ids.slice(0, 5)],
      [{ template: 'plain' }, ids],
      [{ sender: 'API key "test"', within: '1h' }, ids],
      [{ type: 'notification', to: '@example.com' }, ids],
    ] as const) {
      const seen: string[] = []
      const late: string[] = []
      let cursor: string | null = null
      do {
        const page = await listMessages(
          app,
          listMessagesQuery.parse({ ...query, limit: '2', ...(cursor && { cursor }) }),
        )
        seen.push(...page.messages.map(({ id }) => id))
        cursor = page.next_cursor
        expect(page.searched_back_to).toBeNull()
        late.push(await send())
      } while (cursor)
      expect(seen).toEqual(expected)
      await app.owner.execute(sql`delete from messages where id in ${late}`)
      await app.owner.execute(sql`delete from outbox where message_id in ${late}`)
    }
  })

  test('are bounded: a search that finds little stops, says so, and can be gone on with', async () => {
    const ids: string[] = []
    for (let i = 0; i < 10; i++) ids.unshift(await send(i === 0 ? { to: 'zzed@example.com' } : {}))
    const windows = [2, 3]
    const first = await findMessageIds(app.pages, { to: 'zz' }, { limit: 3, windows })
    expect(first).toEqual({ ids: [], goOnBefore: ids[4] })
    const second = await findMessageIds(app.pages, { to: 'zz' }, { before: ids[4], limit: 3, windows })
    expect(second).toEqual({ ids: [ids[9]], goOnBefore: ids[9] })
    // A text of three letters is looked up instead, and so is complete.
    expect(await findMessageIds(app.pages, { to: 'zzed@exa' }, { limit: 3, windows })).toEqual({
      ids: [ids[9]],
      goOnBefore: null,
    })
    expect(await findMessageIds(app.pages, { to: 'zzed@example.org' }, { limit: 3, windows })).toMatchObject({
      ids: [],
    })
    // The same along closing events.
    for (const id of ids.slice(0, 6)) await settle(id, refused)
    await app.owner.execute(sql`update messages set template = 'rare' where id = ${ids[5]}`)
    const dead = { status: ['dead' as const], template: 'rare' }
    expect(await findMessageIds(app.pages, dead, { limit: 3, windows })).toEqual({ ids: [], goOnBefore: ids[4] })
    expect(await findMessageIds(app.pages, dead, { before: ids[4], limit: 3, windows })).toEqual({
      ids: [ids[5]],
      goOnBefore: null,
    })
  })
})

test('counts go up to 1,000, and the total is an estimate from there', async () => {
  await send()
  expect(await counted({})).toEqual({ count: 1, is_exact: true, total: 1, total_is_estimate: false })
  await app.owner.execute(sql`
    insert into messages (type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, created_by_name)
    select 'notification', 'plain', 'm' || n || '@example.net', 'a@example.com', 'Many ' || n, '{}', false, 1, 3, 'seed' from generate_series(1, 1300) n`)
  expect(await counted({})).toEqual({ count: 1000, is_exact: false, total: 1001, total_is_estimate: true })
  await app.owner.execute(sql`analyze messages`)
  expect(await counted({ search: 'many 13' })).toEqual({
    count: 12,
    is_exact: true,
    total: 1301,
    total_is_estimate: true,
  })
})

test('a value that was common once, and is not used any more, is found along its own index', async () => {
  await app.owner.execute(sql`
    insert into messages (type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, created_by_name)
    select 'notification', case when n < 2000 then 'retired' else 'plain' end, 'm@example.net', 'a@example.com', 'Many', '{}', false, 1, 3, 'seed'
    from generate_series(1, 8000) n`)
  await app.owner.execute(sql`analyze messages`)
  const explained: string[] = []
  const spy = new Proxy(app.pages, {
    get(db, name) {
      if (name !== 'execute') return Reflect.get(db, name) as unknown
      return async (statement: SQL) => {
        const plan = await app.pages.execute<{ 'QUERY PLAN': string }>(sql`explain ${statement}`)
        explained.push(plan.map((line) => line['QUERY PLAN']).join('\n'))
        return await app.pages.execute(statement)
      }
    },
  })
  const { ids: first } = await findMessageIds(spy, { template: 'retired' }, { limit: 10 })
  const next = await findMessageIds(spy, { template: 'retired' }, { before: first.at(-1), limit: 10 })
  expect([first.length, next.ids.length]).toEqual([10, 10])
  for (const plan of explained) expect(plan).toContain('messages_template')
})

describe('an export', () => {
  test('has all rows of the filter, no formula, and nothing that stands in a mail', async () => {
    await send({ subject: '=HYPERLINK("https://evil.example")', to: 'ravi@example.org' })
    await send({ to: 'other@example.net' })
    const [line, ...others] = await exported({ to: 'example.org' })
    expect(others).toEqual([])
    expect(line).toContain(`"'=HYPERLINK(""https://evil.example"")"`)
    expect(line).not.toContain('On its way')
    const text = await new Response(exportMessages(app, {}, caller)).arrayBuffer()
    expect([...new Uint8Array(text).slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
  })

  test('is read page by page as it is taken', async () => {
    await app.owner.execute(sql`
      insert into messages (type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, created_by_name)
      select 'notification', 'plain', 'm' || n || '@example.net', 'a@example.com', 'Many ' || n, '{}', false, 1, 3, 'seed' from generate_series(1, 1203) n`)
    const reader = exportMessages(app, {}, caller).getReader()
    const decoder = new TextDecoder()
    const sizes: number[] = []
    const seen = new Set<string>()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const lines = decoder
        .decode(value)
        .split('\r\n')
        .filter((text) => text.includes('@example.net'))
      sizes.push(lines.length)
      for (const text of lines) seen.add(text.split(',')[2] ?? '')
      // Came after the export had begun.
      await send()
    }
    expect(sizes).toEqual([500, 500, 203])
    expect(seen.size).toBe(1203)
  })
})

describe('an export by a key', () => {
  afterEach(() => vi.restoreAllMocks())

  test('is one request of it, however often it is asked whether it still may; it ends when the key is revoked', async () => {
    await app.owner.execute(sql`
      insert into messages (type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, created_by_name)
      select 'notification', 'plain', 'm' || n || '@example.net', 'a@example.com', 'Many ' || n, '{}', false, 1, 3, 'seed' from generate_series(1, 1203) n`)
    const key = await app.key(['messages:read'], { requestsPerMinute: 2 })
    // It is taken slowly: at each page it is asked again.
    const now = performance.now.bind(performance)
    let later = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now() + later)
    const begin = async () => {
      const request = new Request('http://localhost:3005/api/messages/export', {
        headers: { authorization: key.authorization },
      })
      const answer = await getExport(request, { params: Promise.resolve({}) })
      expect(answer.status).toBe(200)
      return (answer.body as ReadableStream<Uint8Array>).getReader()
    }
    const whole = await begin()
    for (let isDone = false; !isDone; later += 1_500) isDone = (await whole.read()).done
    const reader = await begin()
    await reader.read()
    later += 1_500
    await app.owner
      .update(apiKeys)
      .set({ revokedAt: sql`now()` })
      .where(eq(apiKeys.id, key.id))
    await expect(reader.read()).rejects.toThrow('may not read it any more')
  })
})

describe('the connections of pages', () => {
  test('end a statement that takes too long, with a plain sentence', async () => {
    const holder = app.owner.transaction(async (tx) => {
      await tx.execute(sql`lock table messages in access exclusive mode`)
      await tx.execute(sql`select pg_sleep(2.7)`)
    })
    await expect
      .poll(() =>
        app.owner.execute(
          sql`select from pg_locks where relation = 'messages'::regclass and mode = 'AccessExclusiveLock' and granted`,
        ),
      )
      .toHaveLength(1)
    await expect(listMessages(app, listMessagesQuery.parse({}))).rejects.toMatchObject({
      code: 'unavailable',
      message: 'This search took too long. Narrow it: a longer text, one more filter or a shorter time.',
    })
    await holder
  })

  test('starve nobody who sends mail', async () => {
    const slow = Array.from({ length: 12 }, () => app.pages.execute(sql`select pg_sleep(1)`))
    const startedAt = performance.now()
    await send()
    const ms = performance.now() - startedAt
    await Promise.all(slow)
    expect(ms).toBeLessThan(900)
  })
})
