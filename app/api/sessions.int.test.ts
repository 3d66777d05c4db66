import { desc, eq, sql } from 'drizzle-orm'
import { encode } from 'next-auth/jwt'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditLog, sessions } from '@/db/schema'
import { eraseOldSessions } from '@/db/sessions'
import { sessionCookie } from '@/server/session'
import { signIn } from '@/server/sign-in'
import { caller, knownPassword, openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import * as session from './account/sessions/[id]/route'
import * as ownSessions from './account/sessions/route'
import type { Handler } from './handle'
import * as setPassword from './set-password/route'
import * as signOutUser from './users/[id]/sign-out/route'
import * as users from './users/route'

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

const origin = 'http://localhost:3005'
type Given = { id?: string | number; query?: string; body?: unknown; headers?: Record<string, string> }

async function ask(handler: Handler, method: string, cookie: string, { id, query = '', body, headers }: Given = {}) {
  const request = new Request(`${origin}/api/test${query}`, {
    method,
    headers: { cookie, origin, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const response = await handler(request, { params: Promise.resolve({ id: String(id) }) })
  return { status: response.status, headers: response.headers, answer: (await response.json()) as Answer }
}
type Answer = { sessions?: { id: string; browser: string; address: string; is_this_one: boolean }[] } & Record<
  string,
  unknown
>

const statusWith = async (cookie: string, headers?: Record<string, string>) =>
  (await ask(users.GET, 'GET', cookie, { headers })).status
const listOf = async (cookie: string) => (await ask(ownSessions.GET, 'GET', cookie)).answer.sessions ?? []
const end = (cookie: string, id: string) => ask(session.DELETE, 'DELETE', cookie, { id })
const signOut = (cookie: string, id: number) => ask(signOutUser.POST, 'POST', cookie, { id })
const lastAudit = async () => (await app.db.select().from(auditLog).orderBy(desc(auditLog.id)).limit(1))[0]
const shift = (id: string, column: 'seen_at' | 'expires_at', span: string) =>
  app.db.execute(
    sql`update sessions set ${sql.identifier(column)} = ${sql.identifier(column)} - ${span}::interval where id = ${id}`,
  )
const seenAgo = async (id: string) =>
  Number(
    (await app.db.execute(sql`select extract(epoch from now() - seen_at) as s from sessions where id = ${id}`))[0]?.[
      's'
    ],
  )

test('a session ends 8 h after the sign-in, however much it is used', async () => {
  const { cookie, sessionId } = await app.person('admin')
  const [row] = await app.db.execute(sql`select expires_at - created_at as life from sessions where id = ${sessionId}`)
  expect(row?.['life']).toBe('08:00:00')
  await shift(sessionId, 'expires_at', '7 hours 59 minutes')
  expect(await statusWith(cookie)).toBe(200)
  await shift(sessionId, 'expires_at', '1 minute')
  expect(await statusWith(cookie)).toBe(401)
})

test('a session that rests for an hour has ended; a request before that keeps it', async () => {
  const { cookie, sessionId } = await app.person('admin')
  await shift(sessionId, 'seen_at', '59 minutes')
  expect(await statusWith(cookie)).toBe(200)
  expect(await seenAgo(sessionId)).toBeLessThan(30)
  await shift(sessionId, 'seen_at', '60 minutes')
  expect(await statusWith(cookie)).toBe(401)
})

test('a page that only asks by itself keeps no session alive', async () => {
  const { cookie, sessionId } = await app.person('admin')
  await shift(sessionId, 'seen_at', '59 minutes')
  expect(await statusWith(cookie, { 'x-poll': '1' })).toBe(200)
  expect(await seenAgo(sessionId)).toBeGreaterThan(3_500)
})

test('that somebody is here is written at most once a minute', async () => {
  const { cookie, sessionId } = await app.person('admin')
  await shift(sessionId, 'seen_at', '50 seconds')
  await statusWith(cookie)
  expect(await seenAgo(sessionId)).toBeGreaterThan(49)
  await shift(sessionId, 'seen_at', '20 seconds')
  await Promise.all([statusWith(cookie), statusWith(cookie), statusWith(cookie)])
  expect(await seenAgo(sessionId)).toBeLessThan(30)
})

test('a cookie without a session of its own opens nothing, and none opens for somebody else', async () => {
  const [own, other] = [await app.person('admin'), await app.person('super_admin')]
  const forged = async (claims: Record<string, unknown>) =>
    `next-auth.session-token=${await encode({ token: claims, secret: app.config.NEXTAUTH_SECRET })}`
  expect(await statusWith(await forged({ sub: String(own.id), version: 1 }))).toBe(401)
  expect(await statusWith(await forged({ sub: String(own.id), version: 1, session: 'x' }))).toBe(401)
  expect(await statusWith(await forged({ sub: String(other.id), version: 1, session: own.sessionId }))).toBe(401)
  expect(await statusWith(await forged({ sub: String(own.id), version: 1, session: own.sessionId }))).toBe(200)
})

test("one's own sessions are listed: where, which browser, and which is this one", async () => {
  const person = await app.person('supporter')
  const from = { address: '198.51.100.7', requestId: 'r' }
  const userAgent = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1'
  const entered = await signIn(app, from, { email: person.email, password: knownPassword, code: '', userAgent })
  await app.person('supporter')
  const list = await listOf(person.cookie)
  expect(list).toHaveLength(2)
  expect(list).toContainEqual({
    id: person.sessionId,
    browser: 'Firefox on Linux',
    address: caller.address,
    created_at: expect.stringMatching(/Z$/) as string,
    last_seen_at: expect.stringMatching(/Z$/) as string,
    is_this_one: true,
  })
  expect(list).toContainEqual(
    expect.objectContaining({
      id: entered.kind === 'accepted' && entered.session.sessionId,
      browser: 'Safari on iOS',
      address: '198.51.100.7',
      is_this_one: false,
    }),
  )
})

test("a single session of one's own is ended, and nobody else's", async () => {
  const [person, other] = [await app.person('supporter'), await app.person('admin')]
  const second = await app.session(person)
  expect((await end(other.cookie, second.sessionId)).status).toBe(404)
  expect(await statusWith(second.cookie)).toBe(200)
  expect((await end(person.cookie, second.sessionId)).status).toBe(200)
  expect([await statusWith(second.cookie), await statusWith(person.cookie)]).toEqual([401, 200])
  expect((await end(person.cookie, second.sessionId)).status).toBe(404)
  expect(await lastAudit()).toMatchObject({
    action: 'session.ended',
    actor: `user:${person.id}`,
    detail: { session: second.sessionId },
  })
})

test('all others are ended, or all; then a copied cookie and one that is just being made end too', async () => {
  const person = await app.person('admin')
  const second = await app.session(person)
  const others = await ask(ownSessions.DELETE, 'DELETE', person.cookie, { query: '?keep=this' })
  expect(others).toMatchObject({ status: 200, answer: { sessions_ended: 1 } })
  expect([await statusWith(second.cookie), await statusWith(person.cookie)]).toEqual([401, 200])

  const all = await ask(ownSessions.DELETE, 'DELETE', person.cookie)
  expect(all).toMatchObject({ status: 200, answer: { sessions_ended: 1 } })
  expect(all.headers.get('set-cookie')).toMatch(/^next-auth\.session-token=; .*Max-Age=0/)
  expect(await statusWith(person.cookie)).toBe(401)
  // Written after the end, by a sign-in that had read the account before it.
  expect(await statusWith((await app.session(person)).cookie)).toBe(401)
})

test('an admin ends the sessions of an account below, and of no other', async () => {
  const [admin, peer, below] = [await app.person('admin'), await app.person('admin'), await app.person('supporter')]
  await app.session(below)
  expect((await signOut(admin.cookie, peer.id)).status).toBe(403)
  expect((await signOut(below.cookie, below.id)).status).toBe(403)
  expect((await signOut(admin.cookie, 999_999)).status).toBe(404)
  expect([await statusWith(peer.cookie), await statusWith(below.cookie)]).toEqual([200, 200])
  expect(await signOut(admin.cookie, below.id)).toMatchObject({ status: 200, answer: { sessions_ended: 2 } })
  expect(await statusWith(below.cookie)).toBe(401)
  expect(await lastAudit()).toMatchObject({
    action: 'user.signed_out',
    actor: `user:${admin.id}`,
    target: `user:${below.id}`,
    detail: { sessions: 2 },
  })
})

test('a changed password ends every session, and begins a new one', async () => {
  const person = await app.person('admin')
  const second = await app.session(person)
  const changed = await ask(setPassword.POST, 'POST', person.cookie, {
    body: { password: 'another-long-password', current_password: knownPassword },
    headers: { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0; rv:140.0) Firefox/140.0' },
  })
  const cookie = changed.headers.get('set-cookie')?.split(';')[0] ?? ''
  expect([await statusWith(person.cookie), await statusWith(second.cookie), await statusWith(cookie)]).toEqual([
    401, 401, 200,
  ])
  expect(await listOf(cookie)).toMatchObject([{ browser: 'Firefox on Windows', is_this_one: true }])
})

test('its cookie is for this host only, by TLS, and no script reads it', async () => {
  const person = await app.person('admin')
  const key = { sessionId: person.sessionId, userId: person.id, sessionVersion: 1 }
  const config = { ...app.config, NEXTAUTH_URL: 'https://support.example.com' }
  expect(await sessionCookie({ ...app, config }, key)).toMatch(
    /^__Host-next-auth\.session-token=[\w.-]+; Path=\/; Max-Age=28800; HttpOnly; SameSite=Lax; Secure$/,
  )
  expect(await sessionCookie(app, key)).toMatch(/^next-auth\.session-token=.*; HttpOnly; SameSite=Lax$/)
})

test('what has run out is not listed, and is removed at the next sign-in and by the worker', async () => {
  const person = await app.person('admin')
  const [rested, expired] = [await app.session(person), await app.session(person)]
  await shift(rested.sessionId, 'seen_at', '61 minutes')
  await shift(expired.sessionId, 'expires_at', '8 hours')
  expect(await listOf(person.cookie)).toMatchObject([{ id: person.sessionId }])
  const enter = () => signIn(app, caller, { email: person.email, password: knownPassword, code: '', userAgent: '' })
  await enter()
  const ids = async () =>
    (await app.db.select().from(sessions).where(eq(sessions.userId, person.id))).map(({ id }) => id)
  expect(await ids()).toHaveLength(2)

  await shift(person.sessionId, 'expires_at', '8 hours')
  const plain = postgres(database.url, { max: 1 })
  expect(await eraseOldSessions(plain)).toBeGreaterThan(0)
  await plain.end()
  expect(await ids()).not.toContain(person.sessionId)
})
