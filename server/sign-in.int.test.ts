import { desc, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scopes } from '@/core/permissions'
import { auditLog } from '@/db/schema'
import { endEverySession, findUserOfSession } from '@/db/sessions'
import { findUserByAddress, storeOwnPassword } from '@/db/users'
import { createTestDatabase } from '@/stack/testing/services'
import { createUser } from './create-user'
import { signIn, signOut } from './sign-in'
import { asked, caller, knownPassword, openTestContext, type TestContext } from './testing'

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

const enter = (email: string, password = knownPassword) =>
  signIn(app, caller, { email, password, code: '', userAgent: 'test' })
const lastAudit = async () => (await app.db.select().from(auditLog).orderBy(desc(auditLog.id)).limit(1))[0]

test.each(['supporter', 'admin', 'super_admin'] as const)(
  '%s signs in, with capitals too, and that is noted',
  async (role) => {
    const person = await app.person(role)
    expect(await enter(person.email.toUpperCase())).toEqual({
      kind: 'accepted',
      session: { userId: person.id, sessionVersion: 1, sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
    })
    expect((await findUserByAddress(app.db, person.email))?.lastSignInAt).toBeInstanceOf(Date)
    expect(await lastAudit()).toMatchObject({ action: 'sign_in.accepted', actor: `user:${person.id}` })
  },
)

test('unknown, wrong, disabled, without a password and with a first one that is over get one answer; the audit knows why', async () => {
  const [staff, disabled, invited, late] = [
    await app.person('admin'),
    await app.person('admin', { status: 'disabled' }),
    await app.person('admin', { passwordHash: null }),
    await app.person('admin', { mustChangePassword: true, firstPasswordExpiresAt: new Date(0) }),
  ]
  const tries = [
    [() => enter('nobody@example.com'), 'unknown'],
    [() => enter(staff.email, 'wrong-password'), 'wrong_password'],
    [() => enter(disabled.email), 'disabled'],
    [() => enter(invited.email), 'wrong_password'],
    [() => enter(late.email), 'first_password_expired'],
  ] as const
  for (const [attempt, reason] of tries) {
    expect(await attempt()).toEqual({ kind: 'refused', code: 'wrong_credentials' })
    expect(await lastAudit()).toMatchObject({ action: 'sign_in.refused', actor: 'nobody', detail: { reason } })
  }
})

test('an account holder with the right password is told who may come in; with a wrong one not', async () => {
  const user = await app.person('user')
  expect(await enter(user.email)).toEqual({ kind: 'refused', code: 'not_staff' })
  expect(await enter(user.email, 'wrong-password')).toEqual({ kind: 'refused', code: 'wrong_credentials' })
})

test('an account holder with a first password may come in to change it', async () => {
  const user = await app.person('user', { mustChangePassword: true })
  expect(await enter(user.email)).toMatchObject({ kind: 'accepted' })
})

test('a first password given by staff is good for 72 hours, and one of their own for ever', async () => {
  const { actor } = await app.key(scopes)
  const person = { first_name: 'Ann', last_name: 'Doe', email: 'first@example.com', role: 'supporter' } as const
  const { id } = await createUser(app, asked(actor), { ...person, welcome: true, password: 'testpass123' })
  const hoursLeft = async () => {
    const [row] = await app.db.execute<{ hours: number | null }>(sql`
      select extract(epoch from first_password_expires_at - created_at)::float8 / 3600 as hours from users where id = ${id}`)
    return row?.hours
  }
  expect(await hoursLeft()).toBe(72)
  expect(await enter(person.email, 'testpass123')).toMatchObject({ kind: 'accepted' })
  await app.db.execute(sql`update users set first_password_expires_at = now() where id = ${id}`)
  expect(await enter(person.email, 'testpass123')).toEqual({ kind: 'refused', code: 'wrong_credentials' })
  await app.db.transaction((tx) => storeOwnPassword(tx, id, person.email))
  expect(await hoursLeft()).toBe(null)
})

test('signing out ends every copy of the session and no other, and an ended session ends nothing', async () => {
  const person = await app.person('admin')
  const session = { userId: person.id, sessionVersion: 1, sessionId: person.sessionId }
  const other = await app.session(person)
  await signOut(app, caller, session)
  expect(await findUserOfSession(app.db, session)).toBeNull()
  expect(await findUserOfSession(app.db, { ...session, sessionId: other.sessionId })).not.toBeNull()
  const written = (await lastAudit())?.id
  await signOut(app, caller, session)
  expect((await lastAudit())?.id).toBe(written)
})

test('whoever signs in while all sessions are ended, or the password is changed, does not slip through', async () => {
  const person = await app.person('admin')
  const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  const { entering } = await app.db.transaction(async (tx) => {
    await endEverySession(tx, person.id)
    const entering = enter(person.email)
    // It has read the account as it was, and waits to write.
    await expect.poll(async () => (await app.owner.execute(waiting)).length, { interval: 10 }).toBe(1)
    return { entering }
  })
  expect(await entering).toEqual({ kind: 'refused', code: 'unavailable' })
})
