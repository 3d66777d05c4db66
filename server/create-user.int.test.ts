import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scopes, type Actor } from '@/core/permissions'
import { roles, type Role } from '@/core/roles'
import { open } from '@/runtime/seal'
import { createTestDatabase } from '@/stack/testing/services'
import { createUser } from './create-user'
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

let count = 0
const request = (more: object = {}) => ({
  first_name: 'Ann',
  last_name: 'Doe',
  email: `ann-${++count}@example.com`,
  role: 'user' as Role,
  welcome: true,
  ...more,
})
const create = (more: object = {}, actor = service) => createUser(app, asked(actor), request(more))

const rows = async (query: ReturnType<typeof sql>) => [...(await app.db.execute(query))]
const counts = async () =>
  (
    await rows(sql`select (select count(*) from users) as users, (select count(*) from messages) as messages,
      (select count(*) from outbox) as outbox, (select count(*) from audit_log) as audit`)
  )[0] ?? {}

test('the user, the welcome mail, its work and the audit row are there together', async () => {
  const created = await create({ role: 'supporter' })
  expect(created).toMatchObject({ first_name: 'Ann', role: 'supporter' })
  const [message] = await rows(sql`
    select m.*, o.attempt from messages m join outbox o on o.message_id = m.id where m.user_id = ${created.id}`)
  expect(message).toMatchObject({
    id: created.welcome_message_id,
    type: 'welcome',
    subject: 'Welcome to Usual Store - Your Support Agent Account',
    to_address: created.email,
    status: 'queued',
    attempt: 1,
    data: { first_sign_in: 'link', role: 'supporter', login_url: 'http://localhost:3005/support' },
  })
  const audit = await rows(sql`select * from audit_log where target = ${`user:${created.id}`}`)
  expect(audit).toMatchObject([{ action: 'user.created', request_id: 'test-request' }])
})

test('a given password is sealed for the mail, stands nowhere else, and has to be changed', async () => {
  const password = 'canary-4711-password'
  const created = await create({ password })
  const [user] = await rows(sql`select * from users where id = ${created.id}`)
  expect(user).toMatchObject({ must_change_password: true, password_changed_at: null })
  const [secret] = await rows(sql`select sealed from message_secrets where message_id = ${created.welcome_message_id}`)
  const sealed = Buffer.from(secret?.['sealed'] as Uint8Array)
  expect(JSON.parse(open(sealed, created.welcome_message_id ?? '', app.config.SECRETS_KEYS))).toEqual({ password })
  const everything = []
  for (const table of ['users', 'messages', 'message_events', 'outbox', 'audit_log']) {
    everything.push(...(await rows(sql`select * from ${sql.identifier(table)}`)))
  }
  expect(JSON.stringify(everything)).toContain(created.email)
  expect(JSON.stringify(everything)).not.toContain(password)
})

test('no welcome mail is written when none is wanted', async () => {
  const before = await counts()
  const created = await create({ welcome: false })
  expect(created.welcome_message_id).toBeNull()
  expect(await counts()).toMatchObject({ messages: before['messages'], outbox: before['outbox'] })
})

test('a second account with the address, whatever its capitals, is refused and writes nothing', async () => {
  const { email } = await create()
  const before = await counts()
  await expect(create({ email: email.toUpperCase() })).rejects.toMatchObject({
    code: 'conflict',
    fields: { email: 'There is already an account with this address.' },
  })
  expect(await counts()).toEqual(before)
})

test('of ten requests for one address at the same moment exactly one succeeds', async () => {
  const before = await counts()
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => create({ email: 'race@example.com' })))
  const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  expect(refusals).toMatchObject(Array.from({ length: 9 }, () => ({ code: 'conflict' })))
  const added = Object.entries(await counts()).map(([table, count]) => [table, Number(count) - Number(before[table])])
  expect(Object.fromEntries(added)).toEqual({ users: 1, messages: 1, outbox: 1, audit: 1 })
})

const mayCreate: Record<Role, Role[]> = {
  super_admin: ['user', 'supporter', 'admin', 'super_admin'],
  admin: ['user', 'supporter'],
  supporter: ['user'],
  user: [],
}
const pairs = roles.flatMap((role) => roles.map((wanted) => ({ role, wanted, may: mayCreate[role].includes(wanted) })))

test.each(pairs.filter(({ may }) => may))('$role creates $wanted', async ({ role, wanted }) => {
  const { actor } = await app.person(role)
  expect(await create({ role: wanted }, actor)).toMatchObject({ role: wanted })
})

test.each(pairs.filter(({ may }) => !may))('$role does not create $wanted', async ({ role, wanted }) => {
  const { actor } = await app.person(role)
  const before = await counts()
  await expect(create({ role: wanted }, actor)).rejects.toMatchObject({ code: 'forbidden' })
  expect(await counts()).toEqual(before)
})
