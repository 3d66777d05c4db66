import { and, asc, desc, eq, sql } from 'drizzle-orm'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { auditLog, messages, recoveryCodes, roleSettings, secondFactors, signInDelays } from '@/db/schema'
import type { SecondFactorView } from '@/core/views'
import { signIn } from '@/server/sign-in'
import { caller, knownPassword, openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import * as confirm from './account/second-factor/confirm/route'
import * as remove from './account/second-factor/remove/route'
import * as ownFactor from './account/second-factor/route'
import * as ownSessions from './account/sessions/route'
import type { Handler } from './handle'
import * as setting from './settings/second-factor/route'
import * as setPassword from './set-password/route'
import * as factorOf from './users/[id]/second-factor/route'
import * as users from './users/route'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
})
beforeEach(async () => {
  await app.db.delete(signInDelays)
  await app.owner.delete(roleSettings)
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const origin = 'http://localhost:3005'
type Answer = {
  secret?: string
  address?: string
  qr_code?: string
  recovery_codes?: string[]
  second_factor?: SecondFactorView
  errors?: Record<string, string>
} & Record<string, unknown>

async function ask(handler: Handler, method: string, cookie: string, body?: unknown, id?: number) {
  const request = new Request(`${origin}/api/test`, {
    method,
    headers: { cookie, origin, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const response = await handler(request, { params: Promise.resolve({ id: String(id) }) })
  return { status: response.status, headers: response.headers, answer: (await response.json()) as Answer }
}

/** What an authenticator app shows, so many steps of 30 s from now. */
const codeOf = (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })
const rememberNoStep = (userId: number) =>
  app.db.update(secondFactors).set({ lastStep: 0 }).where(eq(secondFactors.userId, userId))

const begin = (cookie: string, password = knownPassword) => ask(ownFactor.POST, 'POST', cookie, { password })
const takeFrom = (cookie: string, id: number) => ask(factorOf.DELETE, 'DELETE', cookie, undefined, id)
const viewOf = async (cookie: string) => (await ask(ownFactor.GET, 'GET', cookie)).answer.second_factor
const enter = async (email: string, code = '', password = knownPassword) => {
  const result = await signIn(app, caller, { email, password, code, userAgent: 'test' })
  return result.kind === 'accepted' ? 'in' : result.code
}
const audits = async (action: string) =>
  await app.db.select().from(auditLog).where(eq(auditLog.action, action)).orderBy(desc(auditLog.id))

/** What the holder of the account was mailed about their second factor. */
const told = async ({ id, email }: { id: number; email: string }) => {
  const mails = await app.db
    .select()
    .from(messages)
    .where(and(eq(messages.userId, id), eq(messages.template, 'second-factor-changed')))
    .orderBy(asc(messages.id))
  for (const { toAddress } of mails) expect(toAddress).toBe(email)
  return mails.map(({ data: { what, by } }) => ({ what, by }))
}

/** A person with an app in use. No step is used up yet. */
async function withFactor(role: 'supporter' | 'admin' | 'super_admin') {
  const person = await app.person(role)
  const { answer } = await begin(person.cookie)
  const secret = answer.secret ?? ''
  const confirmed = await ask(confirm.POST, 'POST', person.cookie, { code: codeOf(secret) })
  expect(confirmed.status).toBe(200)
  await rememberNoStep(person.id)
  return { ...person, secret, codes: confirmed.answer.recovery_codes ?? [] }
}

test('an app is added with the password and a first code; then every sign-in asks for one', async () => {
  const person = await app.person('supporter')
  const elsewhere = await app.session(person)
  expect(await begin(person.cookie, 'wrong')).toMatchObject({
    status: 422,
    answer: { errors: { password: expect.any(String) as string } },
  })
  const { status, answer } = await begin(person.cookie)
  const secret = answer.secret ?? ''
  expect(status).toBe(201)
  expect(answer.address).toContain(`secret=${secret}`)
  expect(answer.qr_code).toMatch(/^data:image\/svg\+xml;base64,/)
  // Not confirmed: it asks for nothing yet.
  expect(await enter(person.email)).toBe('in')
  expect(await viewOf(person.cookie)).toEqual({ since: null, recovery_codes_left: 0, is_required: false })

  expect((await ask(confirm.POST, 'POST', person.cookie, { code: codeOf(secret, 5) })).status).toBe(422)
  const firstCode = codeOf(secret)
  const confirmed = await ask(confirm.POST, 'POST', person.cookie, { code: firstCode })
  const codes = confirmed.answer.recovery_codes ?? []
  expect([confirmed.status, codes.length, new Set(codes).size]).toEqual([200, 10, 10])
  expect(await viewOf(person.cookie)).toEqual({
    since: expect.stringMatching(/Z$/) as string,
    recovery_codes_left: 10,
    is_required: false,
  })
  // Whoever came in without it comes in anew.
  expect((await ask(users.GET, 'GET', elsewhere.cookie)).status).toBe(401)
  expect((await ask(users.GET, 'GET', person.cookie)).status).toBe(200)
  expect(await audits('second_factor.added')).toMatchObject([{ actor: `user:${person.id}` }])
  expect(await told(person)).toEqual([{ what: 'added', by: null }])

  expect(await enter(person.email)).toBe('code_needed')
  // The code that confirmed it is used up.
  expect(await enter(person.email, firstCode)).toBe('wrong_code')
  expect(await enter(person.email, codeOf(secret, 1))).toBe('in')
  expect((await begin(person.cookie)).status).toBe(409)
})

test('neither the secret nor a recovery code stands readable in Postgres', async () => {
  const person = await withFactor('admin')
  const [factor] = await app.db.select().from(secondFactors).where(eq(secondFactors.userId, person.id))
  expect(factor?.sealed.toString('latin1')).not.toContain(person.secret)
  const dump = JSON.stringify([await app.db.select().from(recoveryCodes), await app.db.select().from(auditLog)])
  for (const secret of [person.secret, ...person.codes]) expect(dump).not.toContain(secret)
  expect(dump).not.toContain(person.codes[0]?.replaceAll('-', ''))
})

test('a sealed secret that is moved to another account opens nothing there', async () => {
  const [own, other] = [await withFactor('admin'), await withFactor('admin')]
  await app.db.execute(
    sql`update second_factors set sealed = (select sealed from second_factors where user_id = ${own.id}) where user_id = ${other.id}`,
  )
  await expect(enter(other.email, codeOf(own.secret))).rejects.toThrow('does not open')
})

test('a code works once, also for two at the same moment; one step early or late is fine, and no more', async () => {
  const person = await withFactor('admin')
  const code = codeOf(person.secret)
  const both = await Promise.all([enter(person.email, code), enter(person.email, code)])
  expect(both.toSorted()).toEqual(['in', 'wrong_code'])
  expect(await enter(person.email, codeOf(person.secret, 1))).toBe('in')
  // A step before one that was used is over too.
  expect(await enter(person.email, codeOf(person.secret, -1))).toBe('wrong_code')
  await rememberNoStep(person.id)
  expect(await enter(person.email, codeOf(person.secret, 4))).toBe('wrong_code')
  expect(await enter(person.email, codeOf(person.secret, -4))).toBe('wrong_code')
})

test('a recovery code opens once, however it is typed, also for two at the same moment, and only its own account', async () => {
  const [person, other] = [await withFactor('admin'), await withFactor('admin')]
  const [first = '', second = ''] = person.codes
  expect(await enter(other.email, first)).toBe('wrong_code')
  const typed = first.toUpperCase().replaceAll('-', ' ')
  const both = await Promise.all([enter(person.email, typed), enter(person.email, typed)])
  expect(both.toSorted()).toEqual(['in', 'wrong_code'])
  expect(await enter(person.email, second)).toBe('in')
  expect((await viewOf(person.cookie))?.recovery_codes_left).toBe(8)
  expect(await audits('second_factor.recovery_code_used')).toHaveLength(2)
  expect((await audits('sign_in.accepted'))[0]).toMatchObject({ detail: { second_factor: 'recovery_code' } })
})

test('the first step tells nobody without the password that there is a second', async () => {
  const person = await withFactor('admin')
  expect(await enter(person.email, '', 'wrong')).toBe('wrong_credentials')
  expect(await enter(person.email, codeOf(person.secret), 'wrong')).toBe('wrong_credentials')
})

/** Makes each wait that there is a long one, and each further failure begin one. */
const onTheBrink = () => app.db.execute(sql`update sign_in_delays set failures = 14, wait_until = clock_timestamp()`)

test('guessing codes makes wait like guessing passwords; knowing the password does not forgive it', async () => {
  const person = await withFactor('admin')
  const failures = async () => (await app.db.select().from(signInDelays)).map((row) => row.failures)
  await app.db.delete(signInDelays)
  expect(await enter(person.email, codeOf(person.secret, 90))).toBe('wrong_code')
  expect(await enter(person.email)).toBe('code_needed')
  expect(await failures()).toEqual([1, 1])
  await app.db.execute(sql`update sign_in_delays set failures = 14 where key like 'account:%'`)
  expect(await enter(person.email, codeOf(person.secret, 90))).toBe('wrong_code')
  expect(await enter(person.email, codeOf(person.secret))).toMatch(/^wait-/)
  expect((await audits('sign_in.refused'))[0]).toMatchObject({
    target: `user:${person.id}`,
    detail: { reason: 'wrong_code' },
  })
})

test('whoever is signed in cannot guess the password or a code any faster', async () => {
  const person = await withFactor('supporter')
  const guesses = [
    () => begin(person.cookie, 'wrong'),
    () => ask(remove.POST, 'POST', person.cookie, { password: 'wrong', code: '123456' }),
    () =>
      ask(setPassword.POST, 'POST', person.cookie, { password: 'a-new-password-of-mine', current_password: 'wrong' }),
    () => ask(remove.POST, 'POST', person.cookie, { password: knownPassword, code: codeOf(person.secret, 90) }),
  ]
  for (const guess of guesses) {
    await onTheBrink()
    expect((await guess()).status).toBe(422)
    const refused = await guess()
    expect(refused).toMatchObject({
      status: 429,
      answer: { message: expect.stringMatching(/^Too many attempts\. /) as string },
    })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  }
})

test('it is removed with the password and a code, and its recovery codes with it', async () => {
  const person = await withFactor('admin')
  const take = (password: string, code: string) => ask(remove.POST, 'POST', person.cookie, { password, code })
  expect(await take('wrong', codeOf(person.secret))).toMatchObject({
    status: 422,
    answer: { errors: { password: expect.any(String) as string } },
  })
  expect(await take(knownPassword, codeOf(person.secret, 90))).toMatchObject({
    status: 422,
    answer: { errors: { code: expect.any(String) as string } },
  })
  expect(await enter(person.email)).toBe('code_needed')
  expect((await take(knownPassword, codeOf(person.secret))).status).toBe(200)
  expect(await enter(person.email)).toBe('in')
  expect(await app.db.select().from(recoveryCodes).where(eq(recoveryCodes.userId, person.id))).toEqual([])
  expect((await audits('second_factor.removed'))[0]).toMatchObject({
    actor: `user:${person.id}`,
    detail: { with: 'app' },
  })
  expect((await take(knownPassword, '123456')).status).toBe(409)
  expect(await told(person)).toEqual([
    { what: 'added', by: null },
    { what: 'removed', by: null },
  ])
})

test('a lost one is removed by an admin from an account below, and from no other; nobody gets round their own', async () => {
  const [admin, peer, below, above] = [
    await app.person('admin'),
    await withFactor('admin'),
    await withFactor('supporter'),
    await withFactor('super_admin'),
  ]
  expect((await takeFrom(admin.cookie, peer.id)).status).toBe(403)
  expect((await takeFrom(below.cookie, below.id)).status).toBe(403)
  expect((await takeFrom(above.cookie, above.id)).status).toBe(403)
  expect((await takeFrom(admin.cookie, 999_999)).status).toBe(404)
  expect((await takeFrom(admin.cookie, below.id)).status).toBe(200)
  expect((await takeFrom(admin.cookie, below.id)).status).toBe(409)
  expect(await enter(below.email)).toBe('in')
  expect(await enter(peer.email)).toBe('code_needed')
  expect((await audits('second_factor.removed'))[0]).toMatchObject({
    actor: `user:${admin.id}`,
    target: `user:${below.id}`,
  })
  expect((await told(below)).at(-1)).toEqual({ what: 'removed', by: admin.actor.name })
  expect(await told(peer)).toHaveLength(1)
})

test('a super_admin makes it a must for a role: whoever lacks one can only add one, from the next request on', async () => {
  const [boss, admin, supporter] = [
    await app.person('super_admin'),
    await app.person('admin'),
    await app.person('supporter'),
  ]
  const change = (cookie: string, body: object) => ask(setting.PUT, 'PUT', cookie, body)
  const required = { supporter: true, admin: false, super_admin: false }
  expect((await change(admin.cookie, required)).status).toBe(403)
  expect((await change(boss.cookie, { supporter: true })).status).toBe(422)
  expect((await change(boss.cookie, required)).status).toBe(200)
  expect((await ask(setting.GET, 'GET', admin.cookie)).answer).toMatchObject({ required })
  expect((await audits('settings.changed'))[0]).toMatchObject({
    actor: `user:${boss.id}`,
    before: { supporter: false, admin: false, super_admin: false },
    after: required,
  })

  const { cookie } = supporter
  expect(await ask(users.GET, 'GET', cookie)).toMatchObject({
    status: 403,
    answer: { message: 'Your role needs a second factor: please add one first.' },
  })
  expect((await ask(ownSessions.GET, 'GET', cookie)).status).toBe(403)
  expect((await ask(users.GET, 'GET', admin.cookie)).status).toBe(200)
  expect(await enter(supporter.email)).toBe('in')
  expect(await viewOf(cookie)).toMatchObject({ since: null, is_required: true })

  const secret = (await begin(cookie)).answer.secret ?? ''
  expect((await ask(users.GET, 'GET', cookie)).status).toBe(403)
  expect((await ask(confirm.POST, 'POST', cookie, { code: codeOf(secret) })).status).toBe(200)
  expect((await ask(users.GET, 'GET', cookie)).status).toBe(200)
})
