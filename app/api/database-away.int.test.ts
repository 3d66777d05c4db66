import { afterAll, beforeAll, expect, test } from 'vitest'
import { scopes } from '@/core/permissions'
import { openDatabase } from '@/db/client'
import { openTestContext, type TestContext } from '@/server/testing'
import { freePort } from '@/stack/ports'
import { TcpProxy } from '@/stack/tcp-proxy'
import { createTestDatabase } from '@/stack/testing/services'
import { until } from '@/stack/until'
import * as messages from './messages/route'
import * as send from './messaging/send/route'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let proxy: TcpProxy
let app: TestContext
let authorization: string
/** Around the proxy. */
let eye: ReturnType<typeof openDatabase>

beforeAll(async () => {
  database = await createTestDatabase()
  eye = openDatabase({ url: database.url, max: 1, part: 'eye' })
  const through = new URL(database.url)
  const target = { host: through.hostname, port: Number(through.port) }
  proxy = await TcpProxy.start({ port: await freePort(), target })
  through.host = `127.0.0.1:${proxy.port}`
  app = await openTestContext({ DATABASE_URL: through.href })
  authorization = (await app.key(scopes)).authorization
})
afterAll(async () => {
  await app.close()
  await eye.close()
  await proxy.close()
  await database.drop()
})

async function ask(handler: typeof send.POST, body?: object): Promise<{ status: number; id: string; ms: number }> {
  const startedAt = performance.now()
  const request = new Request('http://localhost:3005/api/test', {
    method: body ? 'POST' : 'GET',
    headers: { authorization, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  const response = await handler(request, { params: Promise.resolve({}) })
  const { id = '' } = (await response.json()) as { id?: string }
  return { status: response.status, id, ms: performance.now() - startedAt }
}
const sendOne = () => ask(send.POST, { to: 'a@example.com', subject: 'Hello', message: 'Hello', priority: 'low' })
const list = () => ask(messages.GET)
const isThere = async (id: string) => (await eye.sql`select 1 from messages where id = ${id}`).length === 1

test.each(['half_open', 'refuse', 'blackhole'] as const)(
  'a database that is away (%s) is said with 503 within 5 s, and everything works soon after',
  async (kind) => {
    expect((await sendOne()).status).toBe(202)
    await proxy.set({ kind })
    const answers = await Promise.all([...Array.from({ length: 15 }, sendOne), ...Array.from({ length: 5 }, list)])
    for (const { status, ms } of answers) {
      // Over a half-open line some find a new one.
      expect(kind === 'half_open' ? [200, 202, 503] : [503]).toContain(status)
      expect(ms).toBeLessThan(5_000)
    }
    expect(answers.some(({ status }) => status === 503)).toBe(true)
    await proxy.set({ kind: 'reset' })
    expect(await until(async () => (await sendOne()).status === 202, 10_000)).toBe(true)
    expect(await until(async () => (await list()).status === 200, 10_000)).toBe(true)
  },
)

test('wherever the line breaks off, 202 is only said of what is stored', async () => {
  const said = { accepted: 0, away: 0 }
  for (const from of ['client', 'server'] as const) {
    for (let bytes = 50; bytes < 12_000; bytes = Math.ceil(bytes * 1.6)) {
      await proxy.set({ kind: 'cut_after', bytes, from })
      const answers = await Promise.all([sendOne(), sendOne(), sendOne()])
      for (const { status, id } of answers) {
        expect([202, 503]).toContain(status)
        said[status === 202 ? 'accepted' : 'away']++
        expect(status === 503 || (await isThere(id))).toBe(true)
      }
      await proxy.set({ kind: 'reset' })
    }
  }
  expect(said.accepted).toBeGreaterThan(0)
  expect(said.away).toBeGreaterThan(0)
})
