import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { KeyView } from '@/core/views'
import { context } from '@/server/context'
import { openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import type { Handler } from './handle'
import * as revoke from './keys/[id]/revoke/route'
import * as keys from './keys/route'
import * as messages from './messages/route'
import * as send from './messaging/send/route'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let superAdmin: Awaited<ReturnType<TestContext['person']>>
let admin: Awaited<ReturnType<TestContext['person']>>

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  superAdmin = await app.person('super_admin')
  admin = await app.person('admin')
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const origin = 'http://localhost:3005'
type Answer = {
  status: number
  headers: Headers
  answer: Record<string, unknown> & { message?: string; errors?: object }
}

async function call(
  handler: Handler,
  method: string,
  given: { body?: unknown; headers?: Record<string, string>; id?: number; query?: string } = {},
): Promise<Answer> {
  const { body, headers, id, query = '' } = given
  const request = new Request(`${origin}/api/test${query}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  })
  const response = await handler(request, { params: Promise.resolve({ id: String(id) }) })
  return { status: response.status, headers: response.headers, answer: (await response.json()) as Answer['answer'] }
}
const by = (person: { cookie: string }) => ({ cookie: person.cookie, origin })
const create = (person: { cookie: string }, body: object) =>
  call(keys.POST, 'POST', {
    body: { name: 'shop', scopes: ['messages:send', 'messages:read'], ...body },
    headers: by(person),
  })
async function made(
  person: { cookie: string },
  body: object = {},
): Promise<{ key: KeyView; authorization: string; secret: string }> {
  const { answer } = await create(person, body)
  const { key, secret } = answer as unknown as { key: KeyView; secret: string }
  return { key, secret, authorization: `Bearer ${secret}` }
}
const list = async (person: { cookie: string }) =>
  (await call(keys.GET, 'GET', { headers: by(person) })).answer['keys'] as KeyView[]
const end = (person: { cookie: string }, id: number) => call(revoke.POST, 'POST', { headers: by(person), id })
const use = (authorization: string, headers: Record<string, string> = {}) =>
  call(messages.GET, 'GET', { headers: { authorization, ...headers } })
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()

describe('making a key', () => {
  test('it is shown once, works at once, and only its beginning and its hash are kept', async () => {
    const { status, answer } = await create(superAdmin, { expires_at: inMs(86_400_000), requests_per_minute: 100 })
    expect(status).toBe(201)
    const { key, secret } = answer as unknown as { key: KeyView; secret: string }
    expect(secret).toMatch(/^usk_[\w-]{43}$/)
    expect(key).toMatchObject({
      name: 'shop',
      prefix: secret.slice(0, 12),
      role: 'super_admin',
      kind: 'live',
      scopes: ['messages:send', 'messages:read'],
      requests_per_minute: 100,
      state: 'active',
      created_by: superAdmin.actor.name,
      last_used_at: null,
    })
    expect((await use(`Bearer ${secret}`)).status).toBe(200)
    expect((await list(superAdmin)).find(({ id }) => id === key.id)?.last_used_at).not.toBeNull()
    const everything = await app.db.execute<{ row: string }>(sql`
      select to_jsonb(k)::text as row from api_keys k union all select to_jsonb(a)::text from audit_log a
      union all select to_jsonb(i)::text from idempotency_keys i union all select to_jsonb(r)::text from rate_limits r`)
    expect(everything.length).toBeGreaterThan(2)
    expect(everything.filter(({ row }) => row.includes(secret.slice(12)))).toEqual([])
    const audited = await app.db.execute(
      sql`select action, actor, after from audit_log where target = ${`key:${key.id}`}`,
    )
    expect(audited).toMatchObject([
      { action: 'key.created', actor: `user:${superAdmin.id}`, after: { kind: 'live', role: 'super_admin' } },
    ])
  })

  test.each([
    [{ name: '' }, 'name'],
    [{ scopes: [] }, 'scopes'],
    [{ scopes: ['everything'] }, 'scopes.0'],
    [{ kind: 'guest_list', guest_list: ['not an address'] }, 'guest_list.0'],
    [{ kind: 'live', guest_list: ['a@example.com'] }, 'guest_list'],
    [{ allowed_addresses: ['203.0.113.0/33'] }, 'allowed_addresses.0'],
    [{ allowed_addresses: ['example.com'] }, 'allowed_addresses.0'],
    [{ requests_per_minute: -1 }, 'requests_per_minute'],
    [{ expires_at: '2026-01-01T00:00:00Z' }, 'expires_at'],
    [{ role: 'supporter' }, 'role'],
    [{ hash: 'mine' }, 'hash'],
  ])('%j is refused, and names the field', async (body, field) => {
    const { status, answer } = await create(superAdmin, body)
    expect([status, Object.keys(answer.errors ?? {})]).toEqual([422, [field]])
  })

  test('an admin makes keys of their own reach, and sees and revokes no others', async () => {
    expect((await create(admin, { role: 'super_admin' })).status).toBe(403)
    const mine = await made(admin)
    const lesser = await made(superAdmin, { role: 'admin' })
    const greater = await made(superAdmin)
    expect([mine.key.role, lesser.key.role, greater.key.role]).toEqual(['admin', 'admin', 'super_admin'])
    const seen = (await list(admin)).map(({ id }) => id)
    expect(seen).toEqual(expect.arrayContaining([mine.key.id, lesser.key.id]))
    expect(seen).not.toContain(greater.key.id)
    expect((await end(admin, greater.key.id)).status).toBe(404)
    expect((await use(greater.authorization)).status).toBe(200)
    expect((await end(admin, lesser.key.id)).status).toBe(200)
    expect((await list(superAdmin)).map(({ id }) => id)).toContain(mine.key.id)
  })

  test('a change needs a page of ours, and no key makes a key', async () => {
    const foreign = await call(keys.POST, 'POST', {
      body: {},
      headers: { ...by(superAdmin), origin: 'https://evil.example' },
    })
    expect(foreign.status).toBe(403)
    const { authorization } = await made(superAdmin)
    expect((await call(keys.POST, 'POST', { body: {}, headers: { authorization } })).status).toBe(403)
  })
})

describe('the end of a key', () => {
  test('revoked: the very next request is refused, with a sentence that says so; once is all', async () => {
    const { key, authorization } = await made(superAdmin)
    expect((await use(authorization)).status).toBe(200)
    const answers = await Promise.all([end(superAdmin, key.id), end(superAdmin, key.id)])
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409])
    expect(await use(authorization)).toMatchObject({ status: 401, answer: { message: 'This API key was revoked.' } })
    expect((await list(superAdmin)).find(({ id }) => id === key.id)).toMatchObject({
      state: 'revoked',
      revoked_at: expect.any(String) as unknown,
    })
    const audited = await app.db.execute(
      sql`select after, detail from audit_log where target = ${`key:${key.id}`} and action = 'key.revoked'`,
    )
    expect(audited).toMatchObject([{ after: { state: 'revoked' }, detail: { prefix: key.prefix } }])
  })

  test('expired: the very next request is refused, with the time of its end', async () => {
    const { key, authorization } = await made(superAdmin, { expires_at: inMs(3_600_000) })
    expect((await use(authorization)).status).toBe(200)
    await app.db.execute(sql`update api_keys set expires_at = '2026-11-03T14:02:00Z' where id = ${key.id}`)
    expect(await use(authorization)).toMatchObject({
      status: 401,
      answer: { message: 'This API key expired at 14:02 UTC on 3 Nov.' },
    })
    expect((await list(superAdmin)).find(({ id }) => id === key.id)?.state).toBe('expired')
  })

  test('a key that never was is told so', async () => {
    expect(await use(`Bearer usk_${'x'.repeat(43)}`)).toMatchObject({
      status: 401,
      answer: { message: 'This API key is not known.' },
    })
  })
})

test('a key with allowed addresses works from there alone, and the answer names the address that was seen', async () => {
  const { authorization } = await made(superAdmin, { allowed_addresses: ['203.0.113.0/24', '2001:db8::/32'] })
  const from = (peer: string, more: Record<string, string> = {}) =>
    use(authorization, { 'x-peer-address': peer, ...more })
  expect((await from('203.0.113.9')).status).toBe(200)
  expect((await from('::ffff:203.0.113.9')).status).toBe(200)
  expect((await from('2001:db8:1::5')).status).toBe(200)
  expect(await from('198.51.100.4')).toMatchObject({
    status: 403,
    answer: { message: 'This API key may not be used from 198.51.100.4.' },
  })
  // What a caller says of itself proves nothing while no proxy of ours stands in front.
  expect((await from('198.51.100.4', { 'x-forwarded-for': '203.0.113.9' })).status).toBe(403)
})

describe('the limit of a key', () => {
  test('every answer says what is left, refusals too; then 429 with the time to wait', async () => {
    const { key, authorization } = await made(superAdmin, { requests_per_minute: 3, scopes: ['messages:read'] })
    const first = await use(authorization)
    expect(Object.fromEntries([...first.headers].filter(([name]) => name.startsWith('ratelimit')))).toEqual({
      'ratelimit-limit': '3',
      'ratelimit-remaining': '2',
      'ratelimit-reset': '20',
      'ratelimit-policy': '3;w=60',
    })
    const forbidden = await call(send.POST, 'POST', { body: {}, headers: { authorization } })
    expect([forbidden.status, forbidden.headers.get('ratelimit-remaining')]).toEqual([403, '1'])
    expect((await use(authorization)).headers.get('ratelimit-remaining')).toBe('0')
    const refused = await use(authorization)
    expect(refused.status).toBe(429)
    expect(refused.answer.message).toMatch(/^This API key may ask 3 times a minute\. Please try again in \d+ s\.$/)
    expect(refused.answer).toMatchObject({ error: true, errors: {}, request_id: expect.any(String) as unknown })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(20)
    expect(refused.headers.get('ratelimit-remaining')).toBe('0')
    await app.db.execute(
      sql`update rate_limits set refilled_at = refilled_at - interval '20 s' where key = ${`key:${key.id}`}`,
    )
    expect((await use(authorization)).status).toBe(200)
  })

  test('0 is no limit, and no header promises one', async () => {
    const { key, authorization } = await made(superAdmin, { requests_per_minute: 0 })
    const { status, headers } = await use(authorization)
    expect([status, headers.get('ratelimit-limit')]).toEqual([200, null])
    expect(await app.db.execute(sql`select 1 from rate_limits where key = ${`key:${key.id}`}`)).toHaveLength(0)
  })

  test('a key at its end uses up nothing', async () => {
    const { key, authorization } = await made(superAdmin, { requests_per_minute: 5 })
    await end(superAdmin, key.id)
    const { headers } = await use(authorization)
    expect(headers.get('ratelimit-limit')).toBeNull()
    expect(await app.db.execute(sql`select 1 from rate_limits where key = ${`key:${key.id}`}`)).toHaveLength(0)
  })
})

test('a key stands in no line of the log, and in the address of a request it opens nothing', async () => {
  const { log } = context()
  const spies = (['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const).map((level) => vi.spyOn(log, level))
  const { authorization, secret } = await made(superAdmin)
  await use(authorization)
  await call(send.POST, 'POST', {
    body: { to: 'a@example.com', subject: 'Hi', message: 'Hello' },
    headers: { authorization },
  })
  const inAddress = await call(messages.GET, 'GET', { query: `?api_key=${secret}&access_token=${secret}` })
  expect(inAddress.status).toBe(401)
  const lines = JSON.stringify(spies.flatMap((spy) => spy.mock.calls))
  expect(lines).toContain('Answered')
  expect(lines).not.toContain(secret.slice(12))
  vi.restoreAllMocks()
})
