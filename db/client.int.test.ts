import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePort } from '@/stack/ports'
import { repositoryRoot } from '@/stack/processes'
import { TcpProxy } from '@/stack/tcp-proxy'
import { createTestDatabase } from '@/stack/testing/services'
import { until } from '@/stack/until'
import { listenFor, openDatabase, openWorkerDatabase, type Sql } from './client'
import { isDatabaseAway } from './failure'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let proxy: TcpProxy
/** Through the proxy. */
let url: string
/** Around it. */
let direct: Sql
const closers: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  database = await createTestDatabase()
  const through = new URL(database.url)
  proxy = await TcpProxy.start({
    port: await freePort(),
    target: { host: through.hostname, port: Number(through.port) },
  })
  through.host = `127.0.0.1:${proxy.port}`
  url = through.href
  direct = openWorkerDatabase({ url: database.url, max: 2, part: 'direct' })
  await direct`create table scraps (note text)`
})
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
  await direct.end({ timeout: 1 })
  await proxy.close()
  await database.drop()
})

function opened(options: { max: number; answerWithinMs: number }): Sql {
  const sql = openWorkerDatabase({ url, part: 'test', ...options })
  closers.push(() => sql.end({ timeout: 1 }))
  return sql
}

const scraps = async () =>
  (await direct<{ note: string }[]>`select note from scraps order by note`).map((row) => row.note)

/** The error of what must fail, and after how many ms. */
async function failure(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const startedAt = performance.now()
  const error = await work.then(
    () => {
      throw new Error('It was answered')
    },
    (reason: unknown) => reason,
  )
  return { error, ms: performance.now() - startedAt }
}

test('the patch is applied to both forms of the driver that this program loads', () => {
  for (const folder of ['src', 'cjs/src']) {
    const source = (file: string) => readFileSync(join(repositoryRoot, 'node_modules/postgres', folder, file), 'utf8')
    expect(source('connection.js')).toContain('query_timeout')
    expect(source('index.js')).toContain('query_timeout')
  }
})

test('a query on a line that has gone silent fails in time, and the next one gets a new line', async () => {
  const sql = opened({ max: 1, answerWithinMs: 600 })
  await sql`select 1`
  await proxy.set({ kind: 'half_open' })
  // The second is sent behind the first, on the same line; neither is ever answered.
  const [first, second] = await Promise.all([failure(sql`select 1`), failure(sql`select 2`)])
  expect(first.error).toMatchObject({ code: 'QUERY_TIMEOUT' })
  expect(isDatabaseAway(first.error)).toBe(true)
  expect(isDatabaseAway(second.error)).toBe(true)
  expect(first.ms).toBeGreaterThan(500)
  expect(first.ms).toBeLessThan(5_000)
  expect(await sql`select 3 as three`).toEqual([{ three: 3 }])
})

test('with one line the idle ones that went the same way are given up too: nobody waits for each of them in turn', async () => {
  const sql = opened({ max: 4, answerWithinMs: 1_000 })
  await Promise.all(Array.from({ length: 4 }, () => sql`select pg_sleep(0.2)`))
  await proxy.set({ kind: 'half_open' })
  expect((await failure(sql`select 1`)).error).toMatchObject({ code: 'QUERY_TIMEOUT' })
  for (let one = 1; one <= 4; one++) expect(await sql`select ${one}::int as one`).toEqual([{ one }])
})

test('while the database is silent everything that is asked of it fails in time, also what no connection was free for', async () => {
  const sql = opened({ max: 2, answerWithinMs: 600 })
  await Promise.all([sql`select 1`, sql`select 1`])
  await proxy.set({ kind: 'blackhole' })
  const many = await Promise.all([
    ...Array.from({ length: 20 }, (_, index) => failure(sql`select ${index}::int`)),
    failure(sql.begin((tx) => tx`select 1`)),
  ])
  for (const { error, ms } of many) {
    expect(isDatabaseAway(error)).toBe(true)
    expect(ms).toBeLessThan(8_000)
  }
  await proxy.set({ kind: 'pass' })
  expect(
    await until(
      () =>
        sql`select 1`.then(
          () => true,
          () => false,
        ),
      10_000,
    ),
  ).toBe(true)
})

test('a server that lives says itself that a statement took too long, and its connection stays', async () => {
  const sql = opened({ max: 1, answerWithinMs: 1_500 })
  const [before] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
  const { error } = await failure(sql`select pg_sleep(20)`)
  expect(error).toMatchObject({ code: '57014' })
  expect(await sql`select pg_backend_pid() as pid`).toEqual([before])
})

test('a series of answers takes as long as it takes, when each comes in time', async () => {
  const sql = opened({ max: 1, answerWithinMs: 2_000 })
  await sql`select pg_sleep(0.01)`
  const slow = Array.from({ length: 3 }, () => sql`select pg_sleep(0.9)`)
  expect(await Promise.all(slow)).toHaveLength(3)
})

test('a transaction whose server is lost in the middle fails, and nothing of it remains', async () => {
  const sql = opened({ max: 2, answerWithinMs: 5_000 })
  for (let round = 0; round < 20; round++) {
    const { error } = await failure(
      sql.begin(async (tx) => {
        const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
        await tx`insert into scraps values ('half')`
        await direct`select pg_terminate_backend(${row?.pid ?? 0})`
        // At every moment between the server's end and our knowing of it.
        for (let wait = 0; wait < round; wait++) await new Promise((resolve) => setImmediate(resolve))
        await tx`insert into scraps values ('other half')`
      }),
    )
    expect(isDatabaseAway(error)).toBe(true)
  }
  expect(await scraps()).toEqual([])
})

test('what is left of a lost transaction never runs on the connection that follows', async () => {
  const sql = opened({ max: 1, answerWithinMs: 5_000 })
  const pool = new EventEmitter()
  const hasNewConnection = once(pool, 'replaced')
  let rest: Promise<unknown> = Promise.resolve()
  const transaction = sql.begin(async (tx) => {
    await tx`insert into scraps values ('first')`
    await proxy.set({ kind: 'reset' })
    await hasNewConnection
    rest = tx`insert into scraps values ('rest')`
    await rest
  })
  const { error } = await failure(transaction)
  expect(isDatabaseAway(error)).toBe(true)
  // The pool's only connection is a new one now, and in the middle of somebody else's transaction.
  await sql.begin(async (tx) => {
    await tx`insert into scraps values ('of another')`
    pool.emit('replaced')
    await new Promise((resolve) => setImmediate(resolve))
    await expect(rest).rejects.toThrow('CONNECTION_CLOSED')
    await new Promise((resolve) => setImmediate(resolve))
    await tx`insert into scraps values ('of another, too')`
  })
  expect(await scraps()).toEqual(['of another', 'of another, too'])
})

test('wherever a connection breaks off, from its first byte on, every query is answered or fails', async () => {
  const sql = opened({ max: 2, answerWithinMs: 3_000 })
  const outcomes = { answered: 0, away: 0, other: 0 }
  const tell = async (work: Promise<unknown>) => {
    try {
      await work
      outcomes.answered++
    } catch (error) {
      outcomes[isDatabaseAway(error) ? 'away' : 'other']++
    }
  }
  let rounds = 0
  for (const from of ['server', 'client'] as const) {
    for (let bytes = 1; bytes < 6_000; bytes *= 2) {
      await proxy.set({ kind: 'reset' })
      await proxy.set({ kind: 'cut_after', bytes, from })
      await Promise.all([
        tell(sql`select ${bytes}::int`),
        tell(sql`select ${['a', 'b']}::text[] as list`),
        tell(sql.begin((tx) => tx`select ${bytes}::int`)),
      ])
      rounds++
    }
  }
  expect(outcomes.answered + outcomes.away).toBe(rounds * 3)
  expect(outcomes.away).toBeGreaterThan(rounds)
  await proxy.set({ kind: 'pass' })
  expect(await sql`select ${['a', 'b']}::text[] as list`).toEqual([{ list: ['a', 'b'] }])
})

test('the web process is told in less time than a request may take', async () => {
  const { sql, close } = openDatabase({ url, max: 1, part: 'web' })
  closers.push(close)
  await sql`select 1`
  await proxy.set({ kind: 'half_open' })
  const { error, ms } = await failure(sql`select 1`)
  expect(isDatabaseAway(error)).toBe(true)
  expect(ms).toBeLessThan(4_500)
})

test.each(['half_open', 'reset', 'refuse'] as const)('word of work is heard again after "%s"', async (kind) => {
  let heard = 0
  const listening = listenFor('outbox', url, () => heard++, { sayEveryMs: 200, answerWithinMs: 600 })
  closers.push(() => listening.stop())
  const hears = () =>
    until(async () => {
      const before = heard
      await direct`select pg_notify('outbox', '')`
      return until(() => heard > before, 100)
    }, 10_000)
  expect(await hears()).toBe(true)
  await proxy.set({ kind })
  if (kind === 'refuse') await proxy.set({ kind: 'pass' })
  expect(await hears()).toBe(true)
})

test('listening begins also when the database was away at the start', async () => {
  await proxy.set({ kind: 'refuse' })
  let heard = 0
  const listening = listenFor('outbox', url, () => heard++, { sayEveryMs: 200, answerWithinMs: 600 })
  closers.push(() => listening.stop())
  await proxy.set({ kind: 'pass' })
  const hears = async () => {
    await direct`select pg_notify('outbox', '')`
    return until(() => heard > 0, 100)
  }
  expect(await until(hears, 10_000)).toBe(true)
})
