import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { hidden } from '@/core/message'
import { scopes, type Actor } from '@/core/permissions'
import { sendMessageRequest } from '@/core/requests'
import { open } from '@/runtime/seal'
import { createTestDatabase } from '@/stack/testing/services'
import { sendMessage } from './send-message'
import { asked, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let service: Actor

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  service = (await app.key(scopes)).actor
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const plain = { to: 'a@example.com', subject: 'Hello', message: 'Your parcel has left.' }
const send = (request: object, actor = service) => sendMessage(app, asked(actor), sendMessageRequest.parse(request))
const stored = async (id: string) =>
  (
    await app.db.execute(sql`
      select m.*, s.sealed from messages m left join message_secrets s on s.message_id = m.id where m.id = ${id}`)
  )[0]
const countMessages = async () =>
  Number((await app.db.execute<{ n: string }>(sql`select count(*) as n from messages`))[0]?.n)

test('a plain message keeps its words, and is nothing secret', async () => {
  const { id, sensitive } = await send({ ...plain, reply_to: 'care@example.com', priority: 'high' })
  expect(sensitive).toBe(false)
  expect(await stored(id)).toMatchObject({
    type: 'notification',
    template: 'plain',
    from_address: 'noreply@usualstore.com',
    reply_to: 'care@example.com',
    priority: 0,
    data: { body: plain.message },
    sensitive: false,
    sealed: null,
  })
})

test.each([
  ['says so', { sensitive: true }],
  ['is of the type welcome', { type: 'welcome' }],
  ['is of the type password_reset', { type: 'password_reset' }],
  ['names a password', { message: 'Account Details:\nEmail: a@example.com\nPassword: securepassword123' }],
  ['looks like our own placeholder', { message: hidden }],
])('a body is sealed when the message %s', async (_, more) => {
  const request = { ...plain, ...more }
  const { id, sensitive } = await send(request)
  expect(sensitive).toBe(true)
  const message = await stored(id)
  expect(message).toMatchObject({ sensitive: true, data: { body: hidden } })
  const sealed = Buffer.from(message?.['sealed'] as Uint8Array)
  expect(JSON.parse(open(sealed, id, app.config.SECRETS_KEYS))).toEqual({ body: request.message })
})

test('the sender is ours or of our domain', async () => {
  const { id } = await send({ ...plain, from: 'Orders@UsualStore.com' })
  expect(await stored(id)).toMatchObject({ from_address: 'Orders@UsualStore.com' })
  for (const from of ['noreply@example.com', 'noreply@evil-usualstore.com', 'noreply@usualstore.com.example.com']) {
    await expect(send({ ...plain, from })).rejects.toMatchObject({
      code: 'invalid',
      fields: { from: expect.any(String) as string },
    })
  }
})

test('a password reset goes to the holder of an active account only, in the words of the account', async () => {
  const holder = await app.person('user', { firstName: 'Olena' })
  const { id, sensitive } = await send({ to: holder.email.toUpperCase(), template: 'password-reset' })
  expect(sensitive).toBe(true)
  expect(await stored(id)).toMatchObject({
    type: 'password_reset',
    user_id: holder.id,
    priority: 0,
    subject: 'Reset your Usual Store password',
    data: { first_name: 'Olena', email: holder.email },
  })
  const disabled = await app.person('user', { status: 'disabled' })
  const before = await countMessages()
  for (const to of ['nobody@example.com', disabled.email]) {
    await expect(send({ to, template: 'password-reset' })).rejects.toMatchObject({
      code: 'invalid',
      fields: { to: expect.any(String) as string },
    })
  }
  expect(await countMessages()).toBe(before)
})

test.each(['welcome', 'password-reset'])(
  'nobody sends %s to a person whose account they may not create: its link sets a password',
  async (template) => {
    const supporter = await app.person('supporter')
    const before = await countMessages()
    for (const role of ['supporter', 'admin', 'super_admin'] as const) {
      const { email } = await app.person(role, { passwordHash: null })
      await expect(send({ to: email, template }, supporter.actor)).rejects.toMatchObject({ code: 'forbidden' })
    }
    expect(await countMessages()).toBe(before)
    const { email } = await app.person('user', { passwordHash: null })
    expect(await send({ to: email, template }, supporter.actor)).toMatchObject({ sensitive: true })
  },
)

test('nobody is welcomed who has a password of their own or whose account is disabled', async () => {
  const before = await countMessages()
  for (const given of [{}, { status: 'disabled', passwordHash: null }] as const) {
    const { email } = await app.person('user', given)
    await expect(send({ to: email, template: 'welcome' })).rejects.toMatchObject({ code: 'conflict' })
  }
  expect(await countMessages()).toBe(before)
})

test('mail to a person who is deleted at the same moment is refused', async () => {
  const person = await app.person('user')
  const sent = await app.db.transaction(async (tx) => {
    await tx.execute(sql`delete from users where id = ${person.id}`)
    const sent = send({ to: person.email, template: 'password-reset' }).catch((error: unknown) => error)
    await vi.waitFor(async () => {
      const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      expect([...(await app.owner.execute(waiting))]).toHaveLength(1)
    })
    return { sent }
  })
  expect(await sent.sent).toMatchObject({ code: 'invalid', fields: { to: expect.any(String) as string } })
})

test('what does not fit its template is refused, field by field', async () => {
  const holder = await app.person('supporter', { passwordHash: null })
  const to = holder.email
  await expect(send({ to, template: 'newsletter' })).rejects.toMatchObject({
    fields: { template: expect.stringContaining('welcome, password-reset, plain') as string },
  })
  await expect(send({ to, template: 'welcome', data: { colour: 'red' } })).rejects.toMatchObject({
    fields: { 'data.colour': 'This field is not known.' },
  })
  await expect(send({ to, template: 'welcome', type: 'notification' })).rejects.toMatchObject({
    fields: { type: expect.any(String) as string },
  })
})

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

test('a mail for later waits for its time: nothing is published before, and its life begins then', async () => {
  const sendAt = inDays(29)
  const { id, send_at } = await send({ ...plain, send_at: sendAt, on_ambiguous: 'hold' })
  expect(send_at).toBe(sendAt)
  const [row] = await app.db.execute(sql`
    select m.status, m.on_ambiguous, m.due_at = ${sendAt}::timestamptz and o.due_at = m.due_at and o.ring_at = m.due_at as waits,
      m.expires_at - m.due_at = interval '72 hours' as lives, o.rings, o.kafka_failed_at
    from messages m join outbox o on o.message_id = m.id where m.id = ${id}`)
  expect(row).toEqual({
    status: 'queued',
    on_ambiguous: 'hold',
    waits: true,
    lives: true,
    rings: 0,
    kafka_failed_at: null,
  })
})

test('a time that has passed, or is more than 30 days ahead, is refused', async () => {
  const before = await countMessages()
  for (const send_at of [inDays(-0.01), inDays(30.01)]) {
    await expect(send({ ...plain, send_at })).rejects.toMatchObject({
      code: 'invalid',
      fields: { send_at: expect.any(String) as string },
    })
  }
  expect(await countMessages()).toBe(before)
})

test.each([
  ['password_reset', 1],
  ['notification', 72],
  ['welcome', 72],
])('a mail of the type %s lives for %d h', async (type, hours) => {
  const { id } = await send({ ...plain, type })
  const [row] = await app.db.execute(
    sql`select extract(epoch from expires_at - created_at)::int as life from messages where id = ${id}`,
  )
  expect(row).toEqual({ life: hours * 3600 })
})

test('low priority is left to the relay, whose bell rings at once', async () => {
  const { id } = await send({ ...plain, priority: 'low' })
  const [work] = await app.db.execute(
    sql`select ring_at <= now() as due, kafka_failed_at from outbox where message_id = ${id}`,
  )
  expect(work).toMatchObject({ due: true, kafka_failed_at: null })
})
