import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isOpen, scopes } from '@/core/permissions'
import { roles } from '@/core/roles'
import { deadRecords, suppressions } from '@/db/schema'
import { openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import { storedIn } from '@/stack/testing/stored'
import { GET as readAuth, POST as writeAuth } from './auth/[...nextauth]/route'
import type { Handler } from './handle'
import * as send from './messaging/send/route'
import { everyCall, origin, paramsOf, routeFiles, textOf, type RouteCall } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let authorization: string
/** What the addresses name when they are to name something. */
let real: Record<string, string>

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  authorization = (await app.key(scopes)).authorization
  const user = await app.person('user')
  await app.db.insert(suppressions).values({
    addressKey: 'off@example.com',
    address: 'off@example.com',
    reason: 'manual',
    createdByName: 'test',
  })
  await app.owner.insert(deadRecords).values({ topic: 'a', partition: 0, offset: 1, reason: 'unreadable', headers: {} })
  const queued = await answerOf(send.POST, 'POST', {
    headers: { authorization },
    body: JSON.stringify({ to: user.email, subject: 'Hello', message: 'Hello' }),
  })
  const { id } = (await queued.json()) as { id: string }
  real = { message: id, user: String(user.id), topic: 'a', partition: '0', offset: '1', address: 'off@example.com' }
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

type Asked = { headers?: Record<string, string>; body?: string; params?: Record<string, string>; path?: string }

function answerOf(handler: Handler, method: string, { headers = {}, body, params = {}, path = '/api/test' }: Asked) {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const request = new Request(`${origin}${path}`, { method, body, headers: { ...type, ...headers } })
  return handler(request, { params: Promise.resolve(params) })
}

const signedIn = async () => ({ cookie: (await app.person('super_admin')).cookie, origin })

const changing = everyCall.filter(
  ({ method, handler }) =>
    !['GET', 'OPTIONS'].includes(method) &&
    handler.action !== null &&
    !['nothing.read', 'session.open'].includes(handler.action),
)
const reading = everyCall.filter(({ method, handler }) => method === 'GET' && handler.action !== null)

test('every route says what it makes of every method', () => {
  const all = ['DELETE', 'GET', 'OPTIONS', 'PATCH', 'POST', 'PUT']
  const incomplete = routeFiles.filter(({ module }) => all.some((method) => module[method] === undefined))
  expect(incomplete.map(({ file }) => file)).toEqual([])
  expect(changing.length).toBeGreaterThan(8)
})

test('a method that a path does not have is 405 in our shape, OPTIONS on every path: no other site is let in', async () => {
  for (const call of everyCall.filter(({ handler }) => handler.action === null)) {
    const response = await answerOf(call.handler, call.method, { headers: { origin } })
    expect({ call: call.name, status: response.status }).toEqual({ call: call.name, status: 405 })
    expect(response.headers.get('allow')).toMatch(/^[A-Z]+(, [A-Z]+)*$/)
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(await response.json()).toMatchObject({ error: true, message: expect.stringMatching(/not possible here/) })
  }
  const preflights = everyCall.filter(({ method }) => method === 'OPTIONS')
  expect(preflights.filter(({ handler }) => handler.action !== null && handler.action !== 'nothing.read')).toEqual([])
})

describe.each(changing)('$name', (call) => {
  const ask = async (asked: Asked) => {
    const response = await answerOf(call.handler, call.method, { params: paramsOf(call.file), body: '{}', ...asked })
    const answer = (await response.json()) as { message: string; errors?: Record<string, string> }
    return { status: response.status, answer }
  }

  test('refuses what a page of strangers asks for, whoever is signed in there, and without any session', async () => {
    const { cookie } = await app.person('super_admin')
    const before = await storedIn(app.db)
    for (const foreign of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { origin, 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    ] as Record<string, string>[]) {
      for (const who of [{ cookie }, { authorization }, {}] as Record<string, string>[]) {
        const { status } = await ask({ headers: { ...who, ...foreign } })
        expect({ foreign, status }).toEqual({ foreign, status: 403 })
      }
    }
    expect(await storedIn(app.db)).toEqual(before)
  })

  test('refuses a body that is not JSON, as a form of another site could send it', async () => {
    const headers = await signedIn()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const { status } = await ask({ headers: { ...headers, 'content-type': type }, body: '{"a":1}' })
      expect({ type, status }).toEqual({ type, status: 400 })
    }
    expect((await ask({ headers, body: '{' })).status).toBe(400)
  })

  test('refuses a body over 256 KiB, one nested too deeply, and a field that it does not know', async () => {
    const headers = await signedIn()
    expect((await ask({ headers, body: JSON.stringify({ a: 'x'.repeat(256 * 1024) }) })).status).toBe(413)
    const deep = await ask({ headers, body: `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}` })
    expect(deep).toMatchObject({ status: 422, answer: { message: 'This is nested too deeply.' } })
    for (const field of ['no_such_field', 'constructor', '__proto__']) {
      const { status, answer } = await ask({ headers, body: `{"${field}":1}` })
      expect({ field, status, fault: answer.errors?.[field] }).toEqual({
        field,
        status: 422,
        fault: 'This field is not known.',
      })
    }
  })
})

/** What anybody may do looks at no cookie. */
const known = changing.filter(({ handler: { action } }) => action !== null && !isOpen(action))

test.each(known)('$name: refuses a cookie that comes from no page', async (call) => {
  const { cookie } = await app.person('super_admin')
  const { status } = await answerOf(call.handler, call.method, { params: paramsOf(call.file), headers: { cookie } })
  expect(status).toBe(403)
})

describe.each(reading)('$name', (call: RouteCall) => {
  test('changes nothing, whoever reads, by HEAD too, and whatever else it is told to do', async () => {
    const callers: Record<string, string>[] = [{}, { authorization }]
    for (const role of roles) callers.push({ cookie: (await app.person(role)).cookie })
    const id = call.file.startsWith('users/') ? real['user'] : real['message']
    const before = await storedIn(app.db)
    for (const who of callers) {
      for (const method of ['GET', 'HEAD']) {
        const response = await answerOf(call.handler, method, {
          headers: { ...who, origin, 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' },
          params: { ...real, ...(id !== undefined && { id }) },
        })
        expect(response.status).toBeLessThan(500)
        await textOf(response)
      }
    }
    expect(await storedIn(app.db)).toEqual(before)
  })
})

test('the fingerprint does notice a change', async () => {
  const before = await storedIn(app.db)
  await app.db.execute(sql`update users set first_name = first_name || '.' where id = ${real['user']}`)
  const after = await storedIn(app.db)
  expect(Object.keys(before).filter((table) => before[table] !== after[table])).toEqual(['users'])
  expect(Object.keys(before).length).toBeGreaterThan(15)
})

const askAuth = (method: 'GET' | 'POST', path: string[], given: Omit<RequestInit, 'method'> = {}) =>
  (method === 'GET' ? readAuth : writeAuth)(new Request(`${origin}/api/auth/${path.join('/')}`, { ...given, method }), {
    params: Promise.resolve({ nextauth: path }),
  })
const form = (headers: Record<string, string>, body = 'json=true') => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  body,
})

/** next-auth itself answers only inside Next: its own token is tried in e2e/edge.spec.ts. */
describe('signing in', () => {
  const enter = ['callback', 'credentials']

  test.each([[enter], [['signout']]])('%s: not for a page of strangers', async (path) => {
    expect((await askAuth('POST', path, form({ origin: 'https://evil.example' }))).status).toBe(403)
    expect((await askAuth('POST', path, form({ 'sec-fetch-site': 'cross-site' }))).status).toBe(403)
  })

  test('happens by POST alone, and takes a form of an ordinary size', async () => {
    for (const path of [enter, ['signout'], ['session'], ['_log']])
      expect((await askAuth('GET', path)).status).toBe(404)
    expect((await askAuth('POST', enter, form({ origin }, 'x'.repeat(20_000)))).status).toBe(413)
    expect((await askAuth('POST', enter, form({ origin, 'content-type': 'application/json' }, '{}'))).status).toBe(400)
  })
})
