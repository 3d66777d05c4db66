import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { scopes } from '@/core/permissions'
import { openDatabase } from '@/db/client'
import { eraseOldAnswers } from '@/db/idempotency-keys'
import { openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import type { Handler } from './handle'
import * as cancel from './messages/[id]/cancel/route'
import * as resend from './messages/[id]/resend/route'
import * as send from './messaging/send/route'
import * as testMail from './templates/[name]/test/route'
import * as users from './users/route'
import * as user from './users/[id]/route'
import * as invitation from './users/[id]/invitation/route'
import * as notes from './users/[id]/notes/route'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let authorization: string

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
})
beforeEach(async () => {
  await app.owner.execute(sql`delete from messages`)
  authorization = (await app.key(scopes)).authorization
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const mail = { to: 'a@example.com', subject: 'Hello', message: 'Your parcel has left.' }
const john = { first_name: 'John', last_name: 'Doe', email: 'john@example.com', password: 'canary-4711-password' }

type Given = {
  key?: string
  as?: Record<string, string>
  path?: string
  method?: string
  params?: Record<string, string>
}

async function post(
  handler: Handler,
  body: unknown,
  { key = 'key-1', as = { authorization }, path = 'test', method = 'POST', params = {} }: Given = {},
) {
  const request = new Request(`http://localhost:3005/api/${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': key, ...as },
  })
  const response = await handler(request, { params: Promise.resolve(params) })
  return { status: response.status, text: await response.text(), replayed: response.headers.get('idempotent-replayed') }
}

const acceptedMail = async (key: string) => {
  const { text } = await post(send.POST, mail, { key })
  return (JSON.parse(text) as { id: string }).id
}

const count = async (table: string) =>
  Number((await app.db.execute<{ n: string }>(sql`select count(*) as n from ${sql.identifier(table)}`))[0]?.n)

test('the same request gets the first answer, byte for byte, and is done once', async () => {
  const first = await post(send.POST, { ...mail, sensitive: true })
  expect(first).toMatchObject({ status: 202, replayed: null })
  // Neither blanks nor the order of fields make another request of it.
  const again = await post(send.POST, {
    message: mail.message,
    sensitive: true,
    subject: mail.subject,
    to: ` ${mail.to} `,
  })
  expect(again).toEqual({ ...first, replayed: 'true' })
  expect([await count('messages'), await count('outbox')]).toEqual([1, 1])
})

test('a user is created once, with one welcome mail', async () => {
  const first = await post(users.POST, john)
  expect(first.status).toBe(201)
  expect(await post(users.POST, john)).toEqual({ ...first, replayed: 'true' })
  expect([await count('users'), await count('messages')]).toEqual([1, 1])
})

test('nothing of the key and of the body can be read in what is kept', async () => {
  await post(users.POST, { ...john, email: 'kept@example.com' }, { key: 'canary-key' })
  const rows = await app.db.execute(
    sql`select encode(key_hash, 'escape') || encode(request_hash, 'escape') || k::text as kept from idempotency_keys k`,
  )
  expect(JSON.stringify(rows)).not.toContain('canary')
})

test('20 equal calls at once make exactly one message, and all get the same answer', async () => {
  const publish = vi.spyOn(app.publisher, 'publish')
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(send.POST, mail, { key: 'at-once' })))
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  expect(answers[0]?.status).toBe(202)
  expect(answers.filter(({ replayed }) => replayed === null)).toHaveLength(1)
  expect(await count('messages')).toBe(1)
  expect(publish).toHaveBeenCalledTimes(1)
  publish.mockRestore()
})

test('20 equal calls at once make exactly one user', async () => {
  const body = { ...john, email: 'once@example.com', password: undefined }
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(users.POST, body, { key: 'one-user' })))
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  expect(answers[0]?.status).toBe(201)
  expect(await count('messages')).toBe(1)
})

test('another request with the same key is refused in plain words, and does nothing', async () => {
  await post(send.POST, mail)
  for (const other of [
    () => post(send.POST, { ...mail, subject: 'Other' }),
    () => post(send.POST, mail, { path: 'other' }),
  ]) {
    const answer = await other()
    expect(answer.status).toBe(409)
    expect(JSON.parse(answer.text)).toMatchObject({
      message: 'This Idempotency-Key was used for another request in the last 24 hours.',
    })
  }
  expect(await count('messages')).toBe(1)
})

test('a key means nothing to another caller', async () => {
  await post(send.POST, mail)
  const other = await app.key(scopes)
  const staff = await app.person('supporter')
  for (const as of [
    { authorization: other.authorization },
    { cookie: staff.cookie, origin: 'http://localhost:3005' },
  ] as Record<string, string>[]) {
    expect(await post(send.POST, mail, { as })).toMatchObject({ status: 202, replayed: null })
  }
  expect(await count('messages')).toBe(3)
})

test('what staff press again after a lost answer is done once, and answered alike', async () => {
  const { cookie } = await app.person('super_admin')
  const person = await app.person('user', { passwordHash: null })
  const own = { as: { cookie, origin: 'http://localhost:3005' } }
  const [waiting, ended] = [await acceptedMail('waiting'), await acceptedMail('ended')]
  await app.owner.execute(sql`update messages set status = 'cancelled' where id = ${ended}`)
  await app.owner.execute(sql`delete from outbox where message_id = ${ended}`)
  const theirs = { ...own, params: { id: String(person.id) } }
  const presses = {
    create: () => post(users.POST, { ...john, email: 'pressed@example.com' }, { ...own, key: 'create' }),
    invite: () => post(invitation.POST, {}, { ...theirs, key: 'invite' }),
    correct: () =>
      post(
        user.PATCH,
        { email: 'right@example.com', send_again: true },
        { ...theirs, key: 'correct', method: 'PATCH' },
      ),
    note: () => post(notes.POST, { body: 'Calls on Mondays' }, { ...theirs, key: 'note' }),
    cancel: () => post(cancel.POST, {}, { ...own, key: 'cancel', params: { id: waiting } }),
    resend: () => post(resend.POST, {}, { ...own, key: 'resend', params: { id: ended } }),
    test: () => post(testMail.POST, { data: { body: 'Hello' } }, { ...own, key: 'test', params: { name: 'plain' } }),
  }
  for (const [name, press] of Object.entries(presses)) {
    const first = await press()
    expect
      .soft(first, name)
      .toMatchObject({ status: expect.toSatisfy((status: number) => status < 300), replayed: null })
    const counts = [await count('messages'), await count('notes'), await count('audit_log')]
    expect.soft(await press(), name).toEqual({ ...first, replayed: 'true' })
    expect.soft([await count('messages'), await count('notes'), await count('audit_log')], name).toEqual(counts)
  }
})

test('what was refused keeps nothing: corrected, it may use the same key', async () => {
  expect((await post(send.POST, { ...mail, from: 'ceo@example.com' })).status).toBe(422)
  expect((await post(users.POST, { ...john, email: 'kept@example.com' })).status).toBe(409)
  expect(await post(send.POST, mail)).toMatchObject({ status: 202, replayed: null })
})

test('after 24 h a key is new again; housekeeping erases it', async () => {
  const first = await post(send.POST, mail)
  await app.db.execute(sql`update idempotency_keys set created_at = now() - interval '24 hours 1 second'`)
  const second = await post(send.POST, { ...mail, subject: 'Another day' })
  expect(second).toMatchObject({ status: 202, replayed: null })
  expect(second.text).not.toBe(first.text)
  expect(await post(send.POST, { ...mail, subject: 'Another day' })).toEqual({ ...second, replayed: 'true' })
  await app.db.execute(sql`update idempotency_keys set created_at = now() - interval '24 hours 1 second'`)
  await post(send.POST, mail, { key: 'young' })
  const plain = openDatabase({ url: database.url, max: 1, part: 'test' })
  expect(await eraseOldAnswers(plain.sql)).toBeGreaterThan(0)
  await plain.close()
  expect(await count('idempotency_keys')).toBe(1)
})

test('while the secrets are changed, keys under the old one still count', async () => {
  const first = await post(send.POST, mail)
  const [old] = app.config.SECRETS_KEYS
  app.config.SECRETS_KEYS.unshift({ id: 'k2', secret: randomBytes(32) })
  expect(await post(send.POST, mail)).toEqual({ ...first, replayed: 'true' })
  expect((await post(send.POST, { ...mail, subject: 'Other' })).status).toBe(409)
  app.config.SECRETS_KEYS.splice(0, 2, ...(old ? [old] : []))
})
