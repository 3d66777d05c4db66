import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '@/db/client'
import { isDatabaseAway } from '@/db/failure'
import { freePort } from '@/stack/ports'
import { TcpProxy } from '@/stack/tcp-proxy'
import { startOwnPostgres } from '@/stack/testing/own-postgres'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'
import { until } from '@/stack/until'
import { startWorker, type RunningWorker } from './worker'

/**
 * Postgres crashes, restarts and goes silent below a worker and a web process under load: nobody dies or hangs, what was
 * accepted is sent, and nothing goes out twice unflagged. A rejection that nobody takes fails the run.
 */
let postgres: Awaited<ReturnType<typeof startOwnPostgres>>
let proxy: TcpProxy
let road: Pipeline
let worker: RunningWorker
/** Around the proxy: what is there, whatever the line does. */
let eye: ReturnType<typeof openDatabase>
const deaths: Error[] = []
/** More of them by hand: `CRASHES=8 npx vitest run --project integration worker/postgres-faults.int.test.ts`. */
const crashes = Number(process.env['CRASHES'] ?? 3)

beforeAll(async () => {
  postgres = await startOwnPostgres()
  proxy = await TcpProxy.start({ port: await freePort(), target: { host: '127.0.0.1', port: postgres.port } })
  eye = openDatabase({ url: postgres.url, max: 1, part: 'eye' })
  const url = new URL(postgres.url)
  url.port = String(proxy.port)
  road = await openPipeline({ DATABASE_URL: url.href, HOLD_MS: '15000' })
  worker = await startWorker({ config: road.config, name: 'w', log: road.log, onDead: (error) => deaths.push(error) })
})
afterAll(async () => {
  await worker?.stop()
  await road?.close()
  await proxy?.close()
  await eye?.close()
  await postgres?.close()
})

/** Accepts mail without a pause, and keeps the ids of what was accepted. */
function startLoad() {
  const accepted: string[] = []
  const strange: unknown[] = []
  const stopped = new AbortController()
  const one = async () => {
    while (!stopped.signal.aborted) {
      try {
        accepted.push((await road.accept({ to: 'load@example.com', priority: 'low' })).id)
      } catch (error) {
        if (!isDatabaseAway(error)) strange.push(error)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const ended = Promise.all([one(), one(), one()])
  return {
    accepted,
    strange,
    more: (count: number) => {
      const enough = accepted.length + count
      return until(() => accepted.length >= enough, 30_000)
    },
    async stop() {
      stopped.abort()
      await ended
    },
  }
}

type Row = { id: string; status: string; flagged: boolean }
const rows = () => eye.sql<Row[]>`select id, status, may_have_been_delivered as flagged from messages`

/** null while the database is away. */
async function sentCount(): Promise<number | null> {
  try {
    return (await rows()).filter((row) => row.status === 'sent').length
  } catch {
    return null
  }
}

/** Whether something is sent that was not, within so many ms. */
function sendsAgain(withinMs: number): Promise<boolean> {
  let before: number | null = null
  return until(async () => {
    const now = await sentCount()
    before ??= now
    return now !== null && before !== null && now > before
  }, withinMs)
}

/** All that was accepted is sent, once, or flagged. */
async function expectAllSent(accepted: readonly string[]): Promise<void> {
  const unsent = async () => {
    const sent = new Set((await rows()).filter((row) => row.status === 'sent').map((row) => row.id))
    return accepted.filter((id) => !sent.has(id))
  }
  await until(async () => (await unsent()).length === 0, 90_000)
  expect(await unsent()).toEqual([])
  const times = new Map<string, number>()
  for (const id of await road.arrived()) times.set(id, (times.get(id) ?? 0) + 1)
  const flagged = new Set((await rows()).filter((row) => row.flagged).map((row) => row.id))
  expect(accepted.filter((id) => !times.has(id))).toEqual([])
  expect(accepted.filter((id) => (times.get(id) ?? 0) > 1 && !flagged.has(id))).toEqual([])
  expect(deaths).toEqual([])
}

test(`after ${crashes} crashes, a restart, a half-open line and silence under load everything accepted is sent`, async () => {
  const load = startLoad()
  for (const mode of [...Array.from({ length: crashes }, () => 'immediate' as const), 'fast' as const]) {
    expect(await load.more(10)).toBe(true)
    await postgres.stop(mode)
    await postgres.start()
    expect(await sendsAgain(10_000)).toBe(true)
  }
  expect(await load.more(10)).toBe(true)
  await proxy.set({ kind: 'half_open' })
  expect(await sendsAgain(15_000)).toBe(true)
  expect(await load.more(10)).toBe(true)
  await proxy.set({ kind: 'blackhole' })
  // Longer than any deadline of the worker: its lines are given up meanwhile, and new ones cannot be had.
  await new Promise((resolve) => setTimeout(resolve, 11_000))
  await proxy.set({ kind: 'reset' })
  expect(await sendsAgain(10_000)).toBe(true)
  await load.stop()
  expect(load.strange).toEqual([])
  await expectAllSent(load.accepted)
}, 300_000)
