import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from '@/runtime/log'
import { freePort } from '@/stack/ports'
import { goOn, ScriptedSmtp, type Act } from '@/stack/scripted-smtp'
import { SmtpPool } from './smtp'

const folder = mkdtempSync(join(tmpdir(), 'usual-store-smtp-'))
afterAll(() => rmSync(folder, { recursive: true }))

let server: ScriptedSmtp
let pools: SmtpPool[] = []
beforeEach(async () => {
  server = new ScriptedSmtp(await freePort(), join(folder, 'server.log'))
  await server.listen()
})
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.stop(0)))
  await server.close()
})

function open(connections: number): SmtpPool {
  const options = {
    host: '127.0.0.1',
    port: server.port,
    secure: false,
    requireTls: false,
    credentials: null,
    connections,
    replyTimeoutMs: 60_000,
  }
  const pool = new SmtpPool(options, createLog('test', 'silent'), () => undefined)
  pools.push(pool)
  return pool
}

const send = (pool: SmtpPool, to: string) =>
  pool.send({ from: 'us@example.com', to, content: `Message-ID: <${to}>\r\n\r\nHello\r\n` }, () => null)
const refusal: Act = { kind: 'reply', code: 554, text: '5.7.1 not now' }
const soon = { timeout: 20_000, interval: 10 }

test('a mail that waits for the only line goes on when that line could not be opened', async () => {
  let connects = 0
  server.script = ({ moment }) => (moment === 'connect' && connects++ === 0 ? refusal : goOn)
  const pool = open(1)
  const results = await Promise.all([send(pool, 'first@example.com'), send(pool, 'second@example.com')])
  expect(results.map(({ kind }) => kind)).toEqual(['failed', 'accepted'])
}, 20_000)

const many = (pool: SmtpPool, count: number, prefix: string) =>
  Promise.all(Array.from({ length: count }, (_, number) => send(pool, `${prefix}-${number}@example.com`)))
const kinds = async (results: Promise<{ kind: string }[]>) => new Set((await results).map(({ kind }) => kind))

test('a server that takes one line only gets all mail by that one, and all lines again once it was full for a moment only', async () => {
  const tooMany: Act = { kind: 'reply', code: 421, text: '4.7.0 too many connections' }
  let inside = 0
  server.script = ({ moment }) => (moment === 'connect' && inside++ > 0 ? tooMany : goOn)
  const pool = open(3)
  expect(await kinds(many(pool, 6, 'full'))).toEqual(new Set(['accepted']))
  server.behave()
  // Each line is replaced after a hundred mails, and each time one more is tried.
  expect(await kinds(many(pool, 350, 'more'))).toEqual(new Set(['accepted']))
  let [together, most] = [0, 0]
  server.latencyMs = 20
  server.script = ({ moment }) => {
    if (moment === 'rcpt') most = Math.max(most, ++together)
    if (moment === 'dot') together--
    return goOn
  }
  await many(pool, 12, 'again')
  expect(most).toBe(3)
}, 30_000)

test('a server that turns everybody away says so for each mail, and none waits for a line that never comes', async () => {
  server.script = ({ moment }) => (moment === 'connect' ? { kind: 'reply', code: 421, text: '4.3.2 closing' } : goOn)
  expect(await kinds(many(open(3), 8, 'away'))).toEqual(new Set(['failed']))
}, 20_000)

test('a stop does not wait for a server that says nothing', async () => {
  server.script = ({ moment }) => (moment === 'connect' ? { kind: 'hang' } : goOn)
  const pool = open(2)
  const sending = send(pool, 'late@example.com')
  await expect.poll(() => server.connects, soon).toBe(1)
  await pool.stop(0)
  expect(await sending).toEqual({ kind: 'not_begun', why: 'stopping' })
}, 8_000)

test.each([
  { moment: 'rcpt', code: 550, kind: 'failed' },
  { moment: 'dot', code: 250, kind: 'accepted' },
] as const)('what no database can store is taken out of a reply to $moment', async ({ moment: when, code, kind }) => {
  server.script = ({ moment }) => (moment === when ? { kind: 'reply', code, text: '5.1.1 no\0body' } : goOn)
  const result = await send(open(1), 'nul@example.com')
  expect(result.kind).toBe(kind)
  expect('reply' in result ? result.reply : 'failure' in result && result.failure.reply).toBe(
    `${code} 5.1.1 no\ufffdbody`,
  )
})
