import { encode } from 'next-auth/jwt'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scopes, type Scope } from '@/core/permissions'
import { roles } from '@/core/roles'
import { knownPassword, openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import type { Handler } from './handle'
import * as deadRecord from './dead-records/[topic]/[partition]/[offset]/route'
import * as deadRecords from './dead-records/route'
import * as delivery from './delivery/route'
import * as health from './health/route'
import * as cancel from './messages/[id]/cancel/route'
import * as resend from './messages/[id]/resend/route'
import * as retry from './messages/[id]/retry/route'
import * as message from './messages/[id]/route'
import * as messages from './messages/route'
import * as send from './messaging/send/route'
import * as resetPassword from './reset-password/route'
import * as suppression from './suppressions/[address]/route'
import * as suppressions from './suppressions/route'
import * as setPassword from './set-password/route'
import * as invitation from './users/[id]/invitation/route'
import * as user from './users/[id]/route'
import * as users from './users/route'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let authorization: string

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  authorization = (await app.key(scopes)).authorization
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

type Call = {
  body?: unknown
  raw?: BodyInit
  headers?: Record<string, string>
  query?: string
  id?: string | number
  params?: Record<string, string>
}

const origin = 'http://localhost:3005'
const samePage = { origin }

async function call(handler: Handler, method: string, { body, raw, headers = {}, query = '', id, params }: Call = {}) {
  const content = body === undefined ? raw : JSON.stringify(body)
  const request = new Request(`${origin}/api/test${query}`, {
    method,
    body: content,
    headers: { ...(content === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    duplex: 'half',
  } as RequestInit)
  const response = await handler(request, { params: Promise.resolve(params ?? { id: String(id) }) })
  const answer = (await response.json()) as Record<string, unknown> & { errors?: Record<string, string> }
  return { status: response.status, headers: response.headers, answer }
}
const withKey = (handler: Handler, method: string, given: Call = {}) =>
  call(handler, method, { ...given, headers: { authorization, ...given.headers } })

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

const counts = async () =>
  (
    await app.db.execute(sql`select (select count(*) from users) as users, (select count(*) from messages) as messages,
      (select count(*) from outbox) as outbox, (select count(*) from audit_log) as audit, (select count(*) from message_secrets) as secrets,
      (select count(*) from idempotency_keys) as keys`)
  )[0]

const john = {
  first_name: 'John',
  last_name: 'Doe',
  email: 'john.doe@example.com',
  password: 'securepassword123',
  role: 'user',
}
const mail = {
  to: 'john.doe@example.com',
  subject: 'Welcome to Usual Store',
  message: 'Hello! Your account has been created.',
}

describe('the original requests and answers', () => {
  test('POST /api/users', async () => {
    const { status, answer } = await withKey(users.POST, 'POST', { body: john })
    expect(status).toBe(201)
    expect(answer).toEqual({
      error: false,
      message: 'User created successfully',
      id: expect.any(Number) as number,
      first_name: 'John',
      last_name: 'Doe',
      email: 'john.doe@example.com',
      role: 'user',
      welcome_message_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    })
  })

  test('POST /api/messaging/send', async () => {
    const { status, answer } = await withKey(send.POST, 'POST', { body: mail })
    expect(status).toBe(202)
    expect(answer).toEqual({ success: true, message: 'Message queued for delivery', id: expect.any(String) as string })
  })

  test('a body that names a password is said to be sensitive', async () => {
    const { answer } = await withKey(send.POST, 'POST', { body: { ...mail, message: 'Password: securepassword123' } })
    expect(answer).toMatchObject({ success: true, sensitive: true })
  })
})

test('what was written can be read, and a user can be deleted', async () => {
  const created = (await withKey(users.POST, 'POST', { body: { ...john, email: 'read@example.com' } })).answer
  const list = await withKey(users.GET, 'GET', { query: '?search=read%40&page_size=5' })
  expect(list.answer).toMatchObject({
    error: false,
    total_count: 1,
    page: 1,
    page_size: 5,
    total_pages: 1,
    users: [{ id: created['id'] }],
  })
  const story = await withKey(message.GET, 'GET', { id: created['welcome_message_id'] as string })
  expect(story.answer).toMatchObject({
    error: false,
    message: { to: 'read@example.com', timeline: [{ event: 'accepted' }, { event: 'kafka_unreachable' }] },
  })
  expect((await withKey(messages.GET, 'GET', { query: '?to=read%40' })).answer).toMatchObject({
    messages: [{ status: 'queued' }],
    next_cursor: null,
  })
  const again = await withKey(invitation.POST, 'POST', { id: created['id'] as number })
  expect(again).toMatchObject({
    status: 202,
    answer: { error: false, welcome_message_id: expect.any(String) as string },
  })
  expect(await withKey(user.DELETE, 'DELETE', { id: created['id'] as number })).toMatchObject({
    status: 200,
    answer: { error: false },
  })
  expect(await withKey(user.GET, 'GET', { id: created['id'] as number })).toMatchObject({ status: 404 })
})

test('a message is scheduled, cancelled and sent again', async () => {
  const sendAt = inDays(1)
  const { answer } = await withKey(send.POST, 'POST', { body: { ...mail, send_at: sendAt } })
  expect(answer).toEqual({ success: true, message: 'Message queued for delivery', id: answer['id'], send_at: sendAt })
  const id = answer['id'] as string
  const shown = async (which: string) => (await withKey(message.GET, 'GET', { id: which })).answer['message']
  const expires = new Date(Date.parse(sendAt) + 72 * 3_600_000).toISOString()
  expect(await shown(id)).toMatchObject({
    due_at: sendAt,
    send_at: sendAt,
    expires_at: expires,
    resend_of: null,
    route: null,
    summary: expect.stringContaining('as asked') as string,
  })
  expect(await withKey(retry.POST, 'POST', { id })).toMatchObject({ status: 409 })
  expect(await withKey(cancel.POST, 'POST', { id })).toMatchObject({ status: 200, answer: { success: true, id } })
  expect(await withKey(cancel.POST, 'POST', { id })).toMatchObject({ status: 409, answer: { error: true } })
  const again = await withKey(resend.POST, 'POST', { id })
  expect(again).toMatchObject({ status: 202, answer: { success: true, message: 'Message queued for delivery' } })
  expect(await shown(again.answer['id'] as string)).toMatchObject({ resend_of: id, send_at: null })
})

const add = (body: object) => withKey(suppressions.POST, 'POST', { body })
const remove = (address: string, query = '') => withKey(suppression.DELETE, 'DELETE', { params: { address }, query })
const list = async (query = '') =>
  (await withKey(suppressions.GET, 'GET', { query })).answer as unknown as {
    suppressions: { address: string; reason: string }[]
    next_cursor: string | null
  }
const audit = (action: string) =>
  app.db.execute(sql`select target, detail from audit_log where action = ${action} order by id desc limit 1`)

describe('the suppression list', () => {
  test('an address is entered once, whoever asks again, and taken off with a reason; both are audited', async () => {
    const added = await add({ address: 'Gone@example.com', note: 'Asked for no mail' })
    expect(added).toMatchObject({
      status: 201,
      answer: {
        error: false,
        suppression: {
          address: 'Gone@example.com',
          reason: 'manual',
          note: 'Asked for no mail',
          message_id: null,
          added_by: 'API key "test"',
        },
      },
    })
    const again = await add({ address: 'gone@EXAMPLE.com' })
    expect(again).toMatchObject({ status: 200, answer: { suppression: added.answer['suppression'] } })
    expect(await audit('suppression.added')).toEqual([
      { target: 'address:gone@example.com', detail: { reason: 'manual', note: 'Asked for no mail' } },
    ])
    expect(await list('?search=gone%40')).toMatchObject({ suppressions: [{ address: 'Gone@example.com' }] })

    expect(await remove('GONE@example.com', '?reason=They%20called')).toMatchObject({ status: 200 })
    expect(await audit('suppression.removed')).toMatchObject([
      { target: 'address:gone@example.com', detail: { reason: 'They called', was: { note: 'Asked for no mail' } } },
    ])
    expect(await remove('gone@example.com')).toMatchObject({ status: 404 })
  })

  test('is read page by page, the newest first, with nothing skipped or shown twice', async () => {
    const addresses = [1, 2, 3, 4, 5].map((number) => `page-${number}@example.com`)
    for (const address of addresses) await add({ address })
    // As a bounce storm enters them: all in one moment.
    await app.owner.execute(
      sql`update suppressions set created_at = '2026-11-27T18:00:00.123456Z' where address_key like 'page-%'`,
    )
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page = await list(`?search=page-&limit=2${cursor && `&cursor=${cursor}`}`)
      seen.push(...page.suppressions.map(({ address }) => address))
      cursor = page.next_cursor
    }
    expect(seen).toEqual(addresses.toReversed())
  })

  test('refuses what is no address, no cursor or no word', async () => {
    expect((await add({ address: 'a@example.com, b@example.com' })).status).toBe(422)
    expect((await add({ address: 'a@example.com', note: 'two\nlines' })).status).toBe(422)
    expect((await withKey(suppressions.GET, 'GET', { query: '?cursor=made-up' })).status).toBe(422)
    expect((await remove('nobody')).status).toBe(404)
    expect((await remove('a@example.com\0')).status).toBe(404)
  })
})

const told = async () => (await withKey(delivery.GET, 'GET')).answer
/** Whoever has asked within the last second is told the same again. */
const soon = { timeout: 5_000 }

test('delivery tells whether mail flows, since when not, how many wait and why', async () => {
  await app.owner.execute(sql`truncate messages, outbox, breakers`)
  await expect.poll(told, soon).toEqual({
    error: false,
    state: 'flowing',
    since: null,
    waiting: 0,
    kind: null,
    sentence: 'Mail flows.',
    routes: [],
    day_rate_used_up_until: null,
  })
  await app.owner.execute(sql`
    insert into breakers (route, state, kind, cause, opened_at)
    values ('primary', 'open', 'configuration', 'credentials_refused', '2026-11-27T14:02:00Z')`)
  for (const more of [{}, {}, { send_at: inDays(1) }]) await withKey(send.POST, 'POST', { body: { ...mail, ...more } })
  await expect.poll(told, soon).toMatchObject({
    state: 'delayed',
    since: '2026-11-27T14:02:00.000Z',
    waiting: 2,
    kind: 'configuration',
    sentence: expect.stringMatching(/since 14:02 UTC.*2 mails are waiting, none lost.*SMTP_PASSWORD/) as string,
    routes: [{ route: 'primary', state: 'open', opened_at: '2026-11-27T14:02:00.000Z' }],
  })
  await app.owner.execute(sql`truncate breakers`)
  await app.owner.execute(sql`
    insert into send_rate (id, tokens, day, used_up_until) values (1, 0, current_date, now() + interval '1 hour')`)
  await expect.poll(told, soon).toMatchObject({ state: 'delayed', kind: 'day_rate' })
  await app.owner.execute(sql`truncate send_rate`)
})

test('dead records are listed harmlessly, and read byte for byte', async () => {
  const value = Buffer.concat([Buffer.from('{"a":\0\u001B[31m'), Buffer.from([0xff]), Buffer.alloc(5000, 'x')])
  for (const offset of [7, 8, 9]) {
    await app.owner.execute(sql`
      insert into dead_records (topic, partition, "offset", reason, key, value, headers, received_at)
      values ('email-notifications', 2, ${offset}, 'not_json', ${offset === 9 ? null : Buffer.from('k')}, ${offset === 9 ? null : value},
        '{"type": "welcome"}', '2026-11-27T18:00:00.123456Z')`)
  }
  const secret = Buffer.from(
    `{"type":"welcome","message":{"to":"a@example.com","data":{"password":"canary-77${'x'.repeat(3_000)}`,
  )
  await app.owner.execute(sql`update dead_records set value = ${secret} where "offset" = 7`)
  const first = await withKey(deadRecords.GET, 'GET', { query: '?limit=2' })
  expect(first.answer).toMatchObject({
    error: false,
    dead_records: [
      { topic: 'email-notifications', partition: 2, offset: 9, size: 0, key: null, value: null },
      { offset: 8, reason: 'not_json', size: value.length, received_at: '2026-11-27T18:00:00.123Z', key: 'k' },
    ],
  })
  const shown = (first.answer['dead_records'] as { value: string }[])[1]?.value
  expect(shown).toBe(`{"a":\uFFFD\uFFFD[31m\uFFFD${'x'.repeat(488)}`)
  const rest = await withKey(deadRecords.GET, 'GET', {
    query: `?limit=2&cursor=${String(first.answer['next_cursor'])}`,
  })
  expect(rest.answer).toMatchObject({ dead_records: [{ offset: 7 }], next_cursor: null })
  expect(rest.answer['dead_records']).toMatchObject([
    { value: '{"type":"welcome","message":{"to":"a@example.com","data":{"password":"[hidden]"' },
  ])

  const one = (offset: string) =>
    withKey(deadRecord.GET, 'GET', { params: { topic: 'email-notifications', partition: '2', offset } })
  expect((await one('8')).answer).toMatchObject({
    error: false,
    dead_record: { headers: { type: 'welcome' }, key_base64: 'aw==', value_base64: value.toString('base64') },
  })
  expect((await one('9')).answer).toMatchObject({ dead_record: { key_base64: null, value_base64: null } })
  for (const offset of ['6', '-1', 'x', '99999999999999999999']) expect((await one(offset)).status).toBe(404)
})

describe('bad input writes nothing and names the fault', () => {
  const bad: [string, Handler, Call, number, string[]][] = [
    ['an unknown field', users.POST, { body: { ...john, id: 7, is_admin: true } }, 422, ['id', 'is_admin']],
    ['a wrong type', users.POST, { body: { ...john, first_name: 1, welcome: 'no' } }, 422, ['first_name', 'welcome']],
    ['nothing at all', users.POST, { body: {} }, 422, ['first_name', 'last_name', 'email']],
    ['a field that every object has', users.POST, { raw: '{"__proto__":{"role":"admin"}}' }, 422, ['__proto__']],
    ['no object', users.POST, { body: [john] }, 422, ['body']],
    ['a broken address', users.POST, { body: { ...john, email: 'john@' } }, 422, ['email']],
    ['two addresses', users.POST, { body: { ...john, email: 'a@example.com,b@example.com' } }, 422, ['email']],
    [
      'a line break in a name',
      users.POST,
      { body: { ...john, last_name: 'Doe\r\nBcc: x@example.com' } },
      422,
      ['last_name'],
    ],
    ['NUL in a name', users.POST, { body: { ...john, last_name: 'D\0oe' } }, 422, []],
    [
      'half a character in a password',
      users.POST,
      { raw: JSON.stringify({ ...john, password: 'x' }).replace('"x"', String.raw`"12345678\ud83c"`) },
      422,
      [],
    ],
    ['a short password', users.POST, { body: { ...john, password: '1234567' } }, 422, ['password']],
    ['an unknown role', users.POST, { body: { ...john, role: 'owner' } }, 422, ['role']],
    ['no JSON', users.POST, { raw: 'first_name=John' }, 400, []],
    [
      'JSON of another content type',
      users.POST,
      { raw: JSON.stringify(john), headers: { 'content-type': 'text/plain' } },
      400,
      [],
    ],
    ['an empty body', users.POST, {}, 400, []],
    ['a body over 256 KiB', send.POST, { body: { ...mail, message: 'x'.repeat(257 * 1024) } }, 413, []],
    ['two receivers', send.POST, { body: { ...mail, to: 'a@example.com, b@example.com' } }, 422, ['to']],
    [
      'a receiver with a header',
      send.POST,
      { body: { ...mail, to: 'a@example.com\r\nBcc: b@example.com' } },
      422,
      ['to'],
    ],
    [
      'a line break in the subject',
      send.POST,
      { body: { ...mail, subject: 'Hi\nBcc: b@example.com' } },
      422,
      ['subject'],
    ],
    ['a sender of another domain', send.POST, { body: { ...mail, from: 'ceo@example.com' } }, 422, ['from']],
    ['a time that has passed', send.POST, { body: { ...mail, send_at: '2026-01-01T00:00:00Z' } }, 422, ['send_at']],
    ['a time too far ahead', send.POST, { body: { ...mail, send_at: inDays(31) } }, 422, ['send_at']],
    ['a time without its offset', send.POST, { body: { ...mail, send_at: '2027-01-01T00:00:00' } }, 422, ['send_at']],
    [
      'an Idempotency-Key that is too long',
      send.POST,
      { body: mail, headers: { 'idempotency-key': 'k'.repeat(256) } },
      422,
      ['Idempotency-Key'],
    ],
    [
      'an empty Idempotency-Key',
      users.POST,
      { body: john, headers: { 'idempotency-key': '' } },
      422,
      ['Idempotency-Key'],
    ],
    [
      'an Idempotency-Key with an accent',
      users.POST,
      { body: john, headers: { 'idempotency-key': 'caf\u00e9' } },
      422,
      ['Idempotency-Key'],
    ],
    [
      'data that is nested without an end',
      send.POST,
      {
        body: {
          to: mail.to,
          template: 'welcome',
          data: { x: JSON.parse('['.repeat(2000) + ']'.repeat(2000)) as unknown },
        },
        headers: { 'idempotency-key': 'deep' },
      },
      422,
      [],
    ],
    ['an unknown template', send.POST, { body: { to: mail.to, template: 'newsletter' } }, 422, ['template']],
    ['a reset for nobody', send.POST, { body: { to: 'nobody@example.com', template: 'password-reset' } }, 422, ['to']],
    ['an unknown priority', send.POST, { body: { ...mail, priority: 'urgent' } }, 422, ['priority']],
  ]
  test.each(bad)('%s', async (_, handler, given, status, fields) => {
    const before = await counts()
    const response = await withKey(handler, 'POST', given)
    expect(response.status).toBe(status)
    expect(Object.keys(response.answer.errors ?? {})).toEqual(fields)
    expect(response.answer).toMatchObject({
      error: true,
      message: expect.any(String) as string,
      request_id: response.headers.get('x-request-id'),
    })
    expect(await counts()).toEqual(before)
  })

  test('a body that only turns out too large while it is read', async () => {
    const before = await counts()
    const chunk = new TextEncoder().encode(`{"message":"${'x'.repeat(64 * 1024)}`)
    const raw = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) })
    const response = await withKey(send.POST, 'POST', { raw })
    expect(response).toMatchObject({ status: 413, answer: { error: true } })
    expect(await counts()).toEqual(before)
  })

  test('an address that is taken', async () => {
    await withKey(users.POST, 'POST', { body: { ...john, email: 'taken@example.com' } })
    const before = await counts()
    const response = await withKey(users.POST, 'POST', { body: { ...john, email: 'Taken@example.com' } })
    expect(response).toMatchObject({ status: 409, answer: { errors: { email: expect.any(String) as string } } })
    expect(await counts()).toEqual(before)
  })

  test.each([
    '?page=0',
    '?page_size=101',
    '?sort_by=password_hash',
    '?sort_order=up',
    '?role=owner',
    '?colour=red',
    '?search=%00',
    '?__proto__=1',
    '?constructor=1',
  ])('the list of users asked for with %s', async (query) => {
    expect(await withKey(users.GET, 'GET', { query })).toMatchObject({ status: 422, answer: { error: true } })
  })

  test('addresses below /api that name nothing', async () => {
    for (const id of ['0', '-1', 'x', '99999999999', '1 or 1=1']) {
      expect({ id, status: (await withKey(user.GET, 'GET', { id })).status }).toEqual({ id, status: 404 })
    }
    expect((await withKey(message.GET, 'GET', { id: 'x' })).status).toBe(404)
    expect(await withKey(user.PUT, 'PUT', { id: 1, body: {} })).toMatchObject({
      status: 405,
      answer: { error: true },
    })
  })
})

describe('who may call', () => {
  const every: [string, Handler, string, Scope][] = [
    ['POST /api/users', users.POST, 'POST', 'users:write'],
    ['GET /api/users', users.GET, 'GET', 'users:read'],
    ['GET /api/users/{id}', user.GET, 'GET', 'users:read'],
    ['PATCH /api/users/{id}', user.PATCH, 'PATCH', 'users:write'],
    ['DELETE /api/users/{id}', user.DELETE, 'DELETE', 'users:write'],
    ['POST /api/users/{id}/invitation', invitation.POST, 'POST', 'users:write'],
    ['POST /api/messaging/send', send.POST, 'POST', 'messages:send'],
    ['GET /api/messages', messages.GET, 'GET', 'messages:read'],
    ['GET /api/messages/{id}', message.GET, 'GET', 'messages:read'],
    ['POST /api/messages/{id}/cancel', cancel.POST, 'POST', 'messages:manage'],
    ['POST /api/messages/{id}/resend', resend.POST, 'POST', 'messages:manage'],
    ['POST /api/messages/{id}/retry', retry.POST, 'POST', 'messages:manage'],
    ['GET /api/suppressions', suppressions.GET, 'GET', 'messages:manage'],
    ['POST /api/suppressions', suppressions.POST, 'POST', 'messages:manage'],
    ['DELETE /api/suppressions/{address}', suppression.DELETE, 'DELETE', 'messages:manage'],
    ['GET /api/dead-records', deadRecords.GET, 'GET', 'messages:manage'],
    ['GET /api/dead-records/{topic}/{partition}/{offset}', deadRecord.GET, 'GET', 'messages:manage'],
    ['GET /api/delivery', delivery.GET, 'GET', 'messages:read'],
  ]

  test.each(every)(
    '%s refuses nobody, a made-up key, a revoked key and a key without the scope',
    async (_, handler, method, scope) => {
      const given: Call = { id: 1, ...(method === 'POST' ? { body: john } : {}) }
      const before = await counts()
      expect((await call(handler, method, given)).status).toBe(401)
      const revoked = await app.key(scopes)
      await app.db.execute(sql`update api_keys set revoked_at = now() where id = ${revoked.id}`)
      for (const wrong of [
        'Bearer usk_0123456789012345678901234567890',
        'Bearer x',
        'Basic YTpi',
        '',
        revoked.authorization,
      ]) {
        const { status } = await call(handler, method, { ...given, headers: { authorization: wrong } })
        expect({ wrong, status }).toEqual({ wrong, status: 401 })
      }
      const others = await app.key(scopes.filter((other) => other !== scope))
      expect((await call(handler, method, { ...given, headers: { authorization: others.authorization } })).status).toBe(
        403,
      )
      expect(await counts()).toEqual(before)
    },
  )

  test.each(every)(
    '%s refuses a session that is changed, over, or of somebody who is gone, disabled or no longer staff',
    async (_, handler, method) => {
      const refused = async (cookie: string) =>
        (await call(handler, method, { id: 1, headers: { cookie, ...samePage } })).status
      const staff = await app.person('admin')
      expect(await refused(`${staff.cookie}x`)).toBe(401)
      const over = await encode({
        token: { sub: String(staff.id), version: 1 },
        secret: app.config.NEXTAUTH_SECRET,
        maxAge: -60,
      })
      expect(await refused(`next-auth.session-token=${over}`)).toBe(401)
      const forged = await encode({
        token: { sub: String(staff.id), version: 1 },
        secret: 'another-secret-of-thirty-two-letters',
      })
      expect(await refused(`next-auth.session-token=${forged}`)).toBe(401)
      for (const change of [
        sql`update users set session_version = 2`,
        sql`update users set status = 'disabled'`,
        sql`update users set role = 'user'`,
        sql`delete from users`,
      ]) {
        const person = await app.person('admin')
        await app.db.execute(sql`${change} where id = ${person.id}`)
        expect(await refused(person.cookie)).toBe(401)
      }
    },
  )

  test('staff use it with their session, from pages of ours only', async () => {
    const { cookie } = await app.person('admin')
    let number = 0
    const create = (headers: Record<string, string>) =>
      call(users.POST, 'POST', {
        body: { ...john, email: `page-${++number}@example.com` },
        headers: { cookie, ...headers },
      })
    expect((await create({ origin })).status).toBe(201)
    expect((await create({ 'sec-fetch-site': 'same-origin' })).status).toBe(201)
    const before = await counts()
    for (const foreign of [
      {},
      { origin: 'https://evil.example' },
      { origin: 'null' },
      // A name that points to this machine makes its owner's page look like ours.
      { origin: 'http://evil.example:3005', host: 'evil.example:3005' },
      { 'sec-fetch-site': 'same-origin', host: 'evil.example:3005' },
      { origin: 'http://localhost:3999', host: 'localhost:3999' },
      { 'sec-fetch-site': 'cross-site' },
      { origin, 'sec-fetch-site': 'same-site' },
    ]) {
      const { status } = await create(foreign as Record<string, string>)
      expect({ foreign, status }).toEqual({ foreign, status: 403 })
    }
    expect(await counts()).toEqual(before)
    expect((await call(users.GET, 'GET', { headers: { cookie } })).status).toBe(200)
  })

  test('nobody reads here under a name that is not ours', async () => {
    const { cookie } = await app.person('admin')
    for (const [host, status] of [
      ['evil.example', 403],
      ['localhost:3005', 200],
    ] as const) {
      expect(await call(users.GET, 'GET', { headers: { cookie, host } })).toMatchObject({
        status,
        answer: { error: status !== 200 },
      })
    }
    expect((await call(health.GET, 'GET', { headers: { host: 'evil.example' } })).status).toBe(403)
  })

  test('a key needs no page of ours, and a page of strangers gets nothing done with one', async () => {
    const body = { ...john, email: 'service@example.com' }
    for (const foreign of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
      const headers = foreign as unknown as Record<string, string>
      expect((await withKey(users.POST, 'POST', { body, headers })).status).toBe(403)
    }
    expect((await withKey(users.POST, 'POST', { body })).status).toBe(201)
  })

  test('a session does not pass as a key', async () => {
    const { cookie } = await app.person('super_admin')
    const token = cookie.slice(cookie.indexOf('=') + 1)
    expect((await call(users.GET, 'GET', { headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
  })

  test.each(roles)('with a first password, %s may do nothing but set one of their own', async (role) => {
    const person = await app.person(role, { mustChangePassword: true })
    const headers = { cookie: person.cookie, ...samePage }
    for (const [name, handler, method] of every) {
      const { status } = await call(handler, method, { id: 1, headers })
      expect({ name, status }).toEqual({ name, status: 403 })
    }
    const set = (password: string) => call(setPassword.POST, 'POST', { headers, body: { password } })
    expect(await set(knownPassword)).toMatchObject({
      status: 422,
      answer: { errors: { password: expect.any(String) as string } },
    })
    const done = await set('a-password-of-my-own')
    expect(done).toMatchObject({
      status: 200,
      answer: { next: role === 'user' ? 'http://localhost:3000' : '/support' },
    })
    // The old session has ended; staff go on in a new one.
    expect((await call(users.GET, 'GET', { headers })).status).toBe(401)
    const cookie = done.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect((await call(users.GET, 'GET', { headers: { cookie } })).status).toBe(role === 'user' ? 401 : 200)
  })

  test("a password of one's own is only changed by who knows it", async () => {
    const person = await app.person('supporter')
    const set = (body: object) =>
      call(setPassword.POST, 'POST', { headers: { cookie: person.cookie, ...samePage }, body })
    expect(await set({ password: 'the-next-password' })).toMatchObject({
      status: 422,
      answer: { errors: { current_password: expect.any(String) as string } },
    })
    expect(await set({ password: 'the-next-password', current_password: 'wrong' })).toMatchObject({ status: 422 })
    expect(await set({ password: 'the-next-password', current_password: knownPassword })).toMatchObject({ status: 200 })
  })
})

test('a made-up link sets no password, and needs no session to be told so', async () => {
  const response = await call(resetPassword.POST, 'POST', { body: { token: 'made-up', password: 'long-enough' } })
  expect(response).toMatchObject({
    status: 422,
    answer: { error: true, errors: { token: expect.any(String) as string } },
  })
})

test('answers are not kept by anyone on the way, and carry the request id of the caller', async () => {
  const { headers } = await withKey(users.GET, 'GET', { headers: { 'x-request-id': 'caller-0815' } })
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('x-request-id')).toBe('caller-0815')
})

test('using a key is noted, at most once a minute', async () => {
  const key = await app.key(scopes)
  const use = () => call(users.GET, 'GET', { headers: { authorization: key.authorization } })
  const lastUse = async () => (await app.db.execute(sql`select last_used_at from api_keys where id = ${key.id}`))[0]
  await use()
  const first = await lastUse()
  expect(first).not.toMatchObject({ last_used_at: null })
  await use()
  expect(await lastUse()).toEqual(first)
})

test('health says whether Postgres answers', async () => {
  expect(await call(health.GET, 'GET')).toMatchObject({ status: 200, answer: { ok: true } })
})
