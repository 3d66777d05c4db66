import { asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { scopes, type Actor } from '@/core/permissions'
import type { Role } from '@/core/roles'
import { messages, oneTimeLinks, users } from '@/db/schema'
import { newToken } from '@/runtime/seal'
import { createTestDatabase } from '@/stack/testing/services'
import { changePassword } from './change-password'
import { createUser } from './create-user'
import { editUser } from './edit-user'
import { forgotPassword } from './forgot-password'
import { resendMessage } from './resend-message'
import { sendMessage } from './send-message'
import { asked, caller, knownPassword, openTestContext, type TestContext } from './testing'
import { useOneTimeLink } from './use-one-time-link'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let service: Actor

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  service = (await app.key(scopes)).actor
})
beforeEach(async () => {
  await app.db.delete(users)
  await app.owner.delete(messages)
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const noticesOf = (template: string) =>
  app.db.select().from(messages).where(eq(messages.template, template)).orderBy(asc(messages.id))
const create = (actor: Actor, role: Role) =>
  createUser(app, asked(actor), {
    first_name: 'Noor',
    last_name: 'Example',
    email: `new-${role}@example.com`,
    role,
    welcome: true,
  })
const change = { password: 'chosen-password', current_password: knownPassword, userAgent: 'test' }

test('a new password is told to its holder, without a secret, and waits for nothing', async () => {
  const person = await app.person('admin')
  await changePassword(app, asked(person.actor), change)
  const [notice, ...others] = await noticesOf('password-changed')
  expect(others).toEqual([])
  expect(notice).toMatchObject({
    type: 'notification',
    toAddress: person.email,
    userId: person.id,
    status: 'queued',
    sensitive: false,
    data: { first_name: 'Test', email: person.email, forgot_url: 'http://localhost:3005/support/forgot-password' },
  })
  expect(JSON.stringify(notice)).not.toMatch(/chosen-password|known-password|argon2/)
})

test('a refused change tells nobody', async () => {
  const person = await app.person('admin')
  const wrong = { ...change, current_password: 'wrong' }
  await expect(changePassword(app, asked(person.actor), wrong)).rejects.toMatchObject({ code: 'invalid' })
  expect(await noticesOf('password-changed')).toEqual([])
})

test('a reset by link is told too; the very first password of an invited person is no news', async () => {
  const [person, invited] = [await app.person('user'), await create(service, 'user')]
  await forgotPassword(app, caller, { email: person.email })
  const [reset] = await noticesOf('password-reset')
  const tokens = []
  for (const [userId, messageId] of [
    [person.id, reset?.id ?? ''],
    [invited.id, invited.welcome_message_id ?? ''],
  ] as const) {
    const { token, hash } = newToken()
    await app.owner
      .insert(oneTimeLinks)
      .values({ tokenHash: hash, userId, messageId, expiresAt: new Date(Date.now() + 3_600_000) })
    tokens.push(token)
  }
  for (const token of tokens) await useOneTimeLink(app, caller, { token, password: 'chosen-password' })
  expect(await noticesOf('password-changed')).toMatchObject([{ userId: person.id }])
})

test.each(['admin', 'super_admin'] as const)(
  'a new %s is told to the other active super_admins, and not to who made it',
  async (role) => {
    const [me, other, third] = [
      await app.person('super_admin'),
      await app.person('super_admin'),
      await app.person('super_admin'),
    ]
    await app.person('super_admin', { status: 'disabled' })
    await app.person('admin')
    const { id, email } = await create(me.actor, role)
    const notices = await noticesOf('staff-added')
    expect(notices.map(({ userId }) => userId)).toEqual([other.id, third.id])
    expect(notices[0]).toMatchObject({
      type: 'notification',
      toAddress: other.email,
      data: {
        first_name: 'Test',
        name: 'Noor Example',
        email,
        role,
        how: 'created',
        by: me.actor.name,
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        account_url: `http://localhost:3005/support/users/${id}`,
      },
    })
  },
)

test('who is made by a key is told to every super_admin', async () => {
  const [a, b] = [await app.person('super_admin'), await app.person('super_admin')]
  await create(service, 'admin')
  expect(await noticesOf('staff-added')).toMatchObject([
    { userId: a.id, data: { by: 'API key "test"' } },
    { userId: b.id },
  ])
})

test.each([
  ['supporter', 'admin', true],
  ['user', 'super_admin', true],
  ['admin', 'super_admin', true],
  ['user', 'supporter', false],
  ['super_admin', 'admin', false],
  ['admin', 'user', false],
] as const)('from %s to %s: told %s', async (from, to, isTold) => {
  const [me, other] = [await app.person('super_admin'), await app.person('super_admin')]
  const person = await app.person(from)
  await editUser(app, asked(me.actor), person.id, { role: to, first_name: 'Renamed' })
  const told = (await noticesOf('staff-added')).map(({ userId, data: { name, role, how, by } }) => ({
    userId,
    data: { name, role, how, by },
  }))
  const data = { name: `Renamed ${person.lastName}`, role: to, how: 'promoted', by: me.actor.name }
  expect(told).toEqual(isTold ? [{ userId: other.id, data }] : [])
})

test('an account that was not created is told to nobody', async () => {
  await app.person('super_admin')
  await create(service, 'admin')
  await expect(create(service, 'admin')).rejects.toMatchObject({ code: 'conflict' })
  expect(await noticesOf('staff-added')).toHaveLength(1)
})

test('new users and support agents are no news', async () => {
  await app.person('super_admin')
  await create(service, 'user')
  await create(service, 'supporter')
  expect(await noticesOf('staff-added')).toEqual([])
})

test('nobody can ask for a notice; one that was sent can be sent again as it was', async () => {
  const person = await app.person('super_admin')
  for (const template of ['address-changed', 'password-changed', 'second-factor-changed', 'staff-added']) {
    await expect(sendMessage(app, asked(service), { to: person.email, template })).rejects.toMatchObject({
      fields: { template: 'There is no such template; there are: welcome, password-reset, plain.' },
    })
  }
  await changePassword(app, asked(person.actor), change)
  const [notice] = await noticesOf('password-changed')
  await app.db.update(messages).set({ status: 'sent' })
  const again = await resendMessage(app, asked(service), notice?.id ?? '')
  const [copy] = await app.db.select().from(messages).where(eq(messages.id, again.id))
  expect(copy).toMatchObject({ template: 'password-changed', toAddress: person.email, data: notice?.data })
})
