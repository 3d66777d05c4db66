import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scopes, type Actor } from '@/core/permissions'
import { oneTimeLinks, users } from '@/db/schema'
import { findUserByAddress } from '@/db/users'
import { newToken } from '@/runtime/seal'
import { createTestDatabase } from '@/stack/testing/services'
import { changePassword } from './change-password'
import { createUser } from './create-user'
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
afterAll(async () => {
  await app.close()
  await database.drop()
})

const noor = { first_name: 'Noor', last_name: 'Example', role: 'supporter', welcome: true } as const
const weak = ['password1', 'UsualStore2026!', 'noor-noor-99', 'abcdefgh']
const refused = { code: 'invalid', fields: { password: expect.stringMatching(/\w/) as string } }

test('a first password given by staff is judged too, and nothing is written when it is refused', async () => {
  for (const password of weak) {
    const request = { ...noor, email: 'weak@example.com', password }
    await expect(createUser(app, asked(service), request)).rejects.toMatchObject(refused)
  }
  expect(await app.db.$count(users, sql`email = 'weak@example.com'`)).toBe(0)
  const originals = { 'john.doe@example.com': 'securepassword123', 'test@example.com': 'testpass123' }
  for (const [email, password] of Object.entries(originals)) {
    await createUser(app, asked(service), { ...noor, email, password })
  }
})

test('a password that is refused does not use up the link', async () => {
  const user = await createUser(app, asked(service), { ...noor, email: 'link@example.com' })
  const { token, hash } = newToken()
  const messageId = user.welcome_message_id ?? ''
  await app.owner.insert(oneTimeLinks).values({
    tokenHash: hash,
    userId: user.id,
    messageId,
    expiresAt: sql`now() + interval '1 hour'`,
  })
  for (const password of weak) {
    await expect(useOneTimeLink(app, caller, { token, password })).rejects.toMatchObject(refused)
  }
  expect(await findUserByAddress(app.db, user.email)).toMatchObject({ passwordHash: null })
  await useOneTimeLink(app, caller, { token, password: 'chosen-password' })
})

test('a password of one’s own is judged when it is changed, by who knows the present one', async () => {
  const person = await app.person('admin', { firstName: 'Noor' })
  const change = (password: string, current_password = knownPassword) =>
    changePassword(app, asked(person.actor), { password, current_password, userAgent: 'test' })
  for (const password of weak) await expect(change(password)).rejects.toMatchObject(refused)
  await expect(change('password1', 'wrong')).rejects.toMatchObject({
    fields: { current_password: 'This is not your present password.' },
  })
  expect(await findUserByAddress(app.db, person.email)).toMatchObject({ passwordHash: person.passwordHash })
  await change('chosen-password')
})
