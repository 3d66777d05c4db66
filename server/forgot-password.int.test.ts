import { randomUUID } from 'node:crypto'
import { asc, desc, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditLog, messages, users } from '@/db/schema'
import { createTestDatabase } from '@/stack/testing/services'
import { forgotPassword } from './forgot-password'
import { openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

/** From a caller that has asked for nothing yet. */
const ask = (email: string, address: string = randomUUID()) =>
  forgotPassword(app, { requestId: 'test-request', address }, { email })
const mailOf = (userId: number) =>
  app.db.select().from(messages).where(eq(messages.userId, userId)).orderBy(asc(messages.id))
const lastAudit = async () => (await app.db.select().from(auditLog).orderBy(desc(auditLog.id)).limit(1))[0]
const work = async (id: string) => [
  ...(await app.db.execute(sql`select priority from outbox where message_id = ${id} and kind = 'send'`)),
]

test.each(['user', 'supporter', 'super_admin'] as const)('a %s gets an urgent mail with a link', async (role) => {
  const person = await app.person(role)
  await ask(person.email.toUpperCase())
  const [mail, ...others] = await mailOf(person.id)
  expect(others).toEqual([])
  expect(mail).toMatchObject({
    type: 'password_reset',
    template: 'password-reset',
    toAddress: person.email,
    status: 'queued',
    sensitive: true,
    data: { first_name: 'Test', email: person.email },
  })
  expect(await work(mail?.id ?? '')).toEqual([{ priority: 0 }])
  expect(await lastAudit()).toMatchObject({
    actor: 'nobody',
    action: 'user.password_forgotten',
    target: `user:${person.id}`,
    detail: { message_id: mail?.id },
  })
})

test('who has not chosen a password yet may ask too', async () => {
  const invited = await app.person('user', { passwordHash: null })
  await ask(invited.email)
  expect(await mailOf(invited.id)).toMatchObject([{ type: 'password_reset' }])
})

test('nothing is sent to a disabled account or to nobody, and the audit never holds what was typed', async () => {
  const disabled = await app.person('admin', { status: 'disabled' })
  await ask(disabled.email)
  expect(await mailOf(disabled.id)).toEqual([])
  await ask('my-password-is-hunter2@example.com')
  expect(await lastAudit()).toMatchObject({ target: 'unknown account', detail: { message_id: null } })
  expect(JSON.stringify(await lastAudit())).not.toContain('hunter2')
  expect(await app.db.$count(messages, sql`to_address like 'my-password%'`)).toBe(0)
})

test('a newer request takes the place of a mail that still waits', async () => {
  const person = await app.person('admin')
  await ask(person.email)
  await ask(person.email)
  expect((await mailOf(person.id)).map(({ status }) => status)).toEqual(['cancelled', 'queued'])
})

test('an account gets three mails an hour, wherever they are asked for and however the address is written', async () => {
  const person = await app.person('admin')
  for (const email of [person.email, person.email.toUpperCase(), person.email, person.email, person.email]) {
    await ask(email)
  }
  expect(await mailOf(person.id)).toHaveLength(3)
})

test.each([
  ['one address', () => '192.0.2.77'],
  ['the many addresses of one line', (n: number) => `2001:db8:7:7::${n + 1}`],
])('one caller asks for ten an hour, and uses up nothing of the accounts after that: %s', async (_, addressOf) => {
  const people = await Promise.all(Array.from({ length: 11 }, () => app.person('user')))
  for (const [n, { email }] of people.entries()) await ask(email, addressOf(n))
  const mails = await Promise.all(people.map(async ({ id }) => (await mailOf(id)).length))
  expect(mails).toEqual([...Array.from({ length: 10 }, () => 1), 0])
  const last = people[10]
  for (let n = 0; n < 3; n++) await ask(last?.email ?? '')
  expect(await mailOf(last?.id ?? 0)).toHaveLength(3)
})

test('of many requests for one account at the same moment three are heard', async () => {
  const person = await app.person('user')
  await Promise.all(Array.from({ length: 12 }, () => ask(person.email)))
  const mails = await mailOf(person.id)
  expect(mails).toHaveLength(3)
  expect(mails.filter(({ status }) => status === 'queued')).toHaveLength(1)
})

test('the answer comes at a whole step of time, not when the work was done: for somebody as for nobody', async () => {
  const person = await app.person('user')
  for (const email of [person.email, 'nobody-at-all@example.com']) {
    const startedAt = performance.now()
    await ask(email)
    expect(performance.now() - startedAt).toBeGreaterThan(490)
  }
})

test('a password is not changed by asking', async () => {
  const person = await app.person('user')
  await ask(person.email)
  const [after] = await app.db.select().from(users).where(eq(users.id, person.id))
  expect(after).toMatchObject({ passwordHash: person.passwordHash, sessionVersion: 1, mustChangePassword: false })
})
