import type * as Argon2 from '@node-rs/argon2'
import { sql } from 'drizzle-orm'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { openDatabase } from '@/db/client'
import { signInDelays } from '@/db/schema'
import { eraseOldDelays } from '@/db/sign-in-delays'
import { createTestDatabase } from '@/stack/testing/services'
import type { Context } from './context'
import { requestAddress } from './request-address'
import { signIn } from './sign-in'
import { caller, knownPassword, openTestContext, type TestContext } from './testing'

/** Counts what it passes on. */
const verified = vi.hoisted(() => ({ count: 0 }))
vi.mock('@node-rs/argon2', async (original) => {
  const real = await original<typeof Argon2>()
  const verify: typeof real.verify = (...given) => {
    verified.count++
    return real.verify(...given)
  }
  return { ...real, verify }
})

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
})
beforeEach(() => app.db.delete(signInDelays))
afterAll(async () => {
  await app.close()
  await database.drop()
})

type Try = { password?: string; address?: string; context?: Context }
async function enter(email: string, { password = 'wrong', address = '192.0.2.1', context = app }: Try = {}) {
  const credentials = { email, password, code: '', userAgent: 'test' }
  const result = await signIn(context, { ...caller, address }, credentials)
  return result.kind === 'accepted' ? 'in' : result.code
}
async function repeat(times: number, email: string, given?: Try) {
  const codes = []
  for (let count = 0; count < times; count++) codes.push(await enter(email, given))
  return codes
}
type Kind = 'account' | 'address'
const isOf = (kind: Kind) => sql`key like ${`${kind}:%`}`
/** As if so many had failed, the last of them just now, and no wait were left. */
const setFailures = (kind: Kind, failures: number) =>
  app.db.execute(sql`
    update sign_in_delays set failures = ${failures}, failed_at = clock_timestamp(), wait_until = clock_timestamp() where ${isOf(kind)}`)
/** Makes each wait that there is a long one: a busy machine takes longer than a second for the next try. */
const lengthenWaits = () =>
  app.db.execute(
    sql`update sign_in_delays set wait_until = wait_until + interval '10 min' where wait_until > failed_at`,
  )
const afterWaiting = (span: string) =>
  app.db.execute(
    sql`update sign_in_delays set wait_until = wait_until - ${span}::interval, failed_at = failed_at - ${span}::interval`,
  )
async function stateOf(kind: Kind) {
  const rows = await app.db.execute<{ failures: number; wait: number }>(sql`
    select failures, round(extract(epoch from wait_until - failed_at))::int as wait from sign_in_delays where ${isOf(kind)}`)
  return [...rows]
}
/** Where a request counts as coming from, that says of itself where it comes from. */
const from = (forwarded: string) =>
  requestAddress(
    app,
    new Request('http://localhost:3005', {
      headers: { 'x-peer-address': '2001:db8::5', 'x-forwarded-for': forwarded },
    }),
  )
const isWait = expect.stringMatching(/^wait-\d+$/) as string

test('after five failures the next try has to wait, with the right password too; after the wait it is let in', async () => {
  const person = await app.person('admin')
  expect(await repeat(4, person.email)).toEqual(Array(4).fill('wrong_credentials'))
  expect(await stateOf('account')).toEqual([{ failures: 4, wait: 0 }])
  expect(await enter(person.email)).toBe('wrong_credentials')
  expect(await stateOf('account')).toEqual([{ failures: 5, wait: 1 }])
  await lengthenWaits()
  expect(await enter(person.email, { password: knownPassword })).toEqual(isWait)
  // Whoever is refused unseen is not counted.
  expect(await stateOf('account')).toEqual([{ failures: 5, wait: 601 }])
  await afterWaiting('601 seconds')
  expect(await enter(person.email, { password: knownPassword })).toBe('in')
  expect(await stateOf('account')).toEqual([])
})

test('each further failure doubles the wait, up to 15 min and never more: nobody is locked out for good', async () => {
  const person = await app.person('admin')
  await enter(person.email)
  const waits: number[] = []
  for (const failures of [4, 5, 6, 7, 8, 12, 13, 14, 15]) {
    await setFailures('account', failures)
    expect(await enter(person.email)).toBe('wrong_credentials')
    waits.push((await stateOf('account'))[0]?.wait ?? 0)
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 256, 512, 900, 900])
  expect(await enter(person.email, { password: knownPassword })).toEqual(isWait)
  await afterWaiting('15 minutes')
  expect(await enter(person.email, { password: knownPassword })).toBe('in')
})

test('failures that lie some minutes back are forgiven, one after the other', async () => {
  const person = await app.person('admin')
  await enter(person.email)
  await setFailures('account', 6)
  await afterWaiting('6 minutes 2 seconds')
  await enter(person.email)
  expect(await stateOf('account')).toEqual([{ failures: 5, wait: 1 }])
})

test('an account that does not exist waits like one that does, and says the same', async () => {
  const person = await app.person('admin')
  const disabled = await app.person('admin', { status: 'disabled' })
  for (const email of [person.email, disabled.email, 'nobody@example.com']) {
    await app.db.delete(signInDelays)
    await enter(email)
    await setFailures('account', 4)
    expect(await enter(email)).toBe('wrong_credentials')
    expect(await stateOf('account')).toEqual([{ failures: 5, wait: 1 }])
    await lengthenWaits()
    expect(await enter(email)).toEqual(isWait)
  }
})

test('capitals do not make it another account', async () => {
  const person = await app.person('admin')
  await enter(person.email)
  await enter(person.email.toUpperCase())
  expect(await stateOf('account')).toEqual([{ failures: 2, wait: 0 }])
})

test('many at the same moment are not all judged as the first, from two web processes either', async () => {
  const person = await app.person('admin')
  await enter(person.email)
  await setFailures('account', 14)
  const other = openDatabase({ url: database.url, max: 10, part: 'web' })
  const contexts = [app, { ...app, db: other.db }]
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) => enter(person.email, { context: contexts[index % 2] })),
  )
  expect(results.filter((code) => code === 'wrong_credentials')).toHaveLength(1)
  // The nineteen were not counted where they came from either.
  expect((await stateOf('address'))[0]?.failures).toBe(2)
  await other.close()
})

test('a new web process knows of the failures before it', async () => {
  const person = await app.person('admin')
  await enter(person.email)
  await setFailures('account', 14)
  await enter(person.email)
  const other = openDatabase({ url: database.url, max: 1, part: 'web' })
  expect(await enter(person.email, { context: { ...app, db: other.db } })).toEqual(isWait)
  await other.close()
})

test('who tries many accounts from one place waits there, and others elsewhere do not', async () => {
  const person = await app.person('admin')
  await enter('guess-1@example.com')
  await setFailures('address', 48)
  await enter('guess-2@example.com')
  expect(await stateOf('address')).toEqual([{ failures: 49, wait: 0 }])
  await enter('guess-3@example.com')
  expect(await stateOf('address')).toEqual([{ failures: 50, wait: 1 }])
  await lengthenWaits()
  expect(await enter(person.email, { password: knownPassword })).toEqual(isWait)
  expect(await enter(person.email, { password: knownPassword, address: '192.0.2.2' })).toBe('in')
})

test('one who gets in clears their account only: an account of one’s own does not pay for guessing others', async () => {
  const person = await app.person('admin')
  await enter('other@example.com')
  await setFailures('address', 40)
  expect(await enter(person.email, { password: knownPassword })).toBe('in')
  expect((await stateOf('address'))[0]?.failures).toBe(40)
})

test('an invented X-Forwarded-For does not make it another place, nor does another address of the same line', async () => {
  await enter('a@example.com', { address: from('10.0.0.1') })
  await enter('b@example.com', { address: from('10.0.0.2, 10.0.0.3') })
  await enter('c@example.com', { address: '2001:db8::77:1' })
  expect(await stateOf('address')).toHaveLength(1)
})

test('what was typed as an address stands nowhere: it may be a password', async () => {
  await enter('correct horse battery staple')
  const rows = await app.db.execute(sql`select * from sign_in_delays`)
  expect(rows).toHaveLength(2)
  expect(JSON.stringify(rows)).not.toContain('horse')
})

test('an account holder with the right password is no guesser', async () => {
  const user = await app.person('user')
  expect(await enter(user.email, { password: knownPassword })).toBe('not_staff')
  expect([...(await stateOf('account')), ...(await stateOf('address'))].map(({ failures }) => failures)).toEqual([0, 0])
})

test('unknown, wrong, disabled and without a password cost the same work: one hash, and the same statements', async () => {
  const [staff, disabled, invited] = [
    await app.person('admin'),
    await app.person('admin', { status: 'disabled' }),
    await app.person('admin', { passwordHash: null }),
  ]
  const statements: string[] = []
  const watched = openDatabase({ url: database.url, max: 1, part: 'web' })
  watched.sql.options.debug = (_, statement) => statements.push(statement)
  const context = { ...app, db: watched.db }
  await enter('first@example.com', { context }) // the connection asks for its types once
  const work = []
  for (const [email, password] of [
    ['nobody@example.com', knownPassword],
    [staff.email, 'wrong'],
    [disabled.email, knownPassword],
    [invited.email, knownPassword],
  ] as const) {
    statements.length = 0
    verified.count = 0
    expect(await enter(email, { context, password })).toBe('wrong_credentials')
    work.push({ statements: [...statements], verified: verified.count })
  }
  expect(work[0]).toMatchObject({ verified: 1 })
  expect(work[0]?.statements).toHaveLength(3)
  expect(work).toEqual(Array(4).fill(work[0]))
  await watched.close()
})

test('who has to wait costs no hash', async () => {
  await enter('nobody@example.com')
  await setFailures('account', 14)
  await enter('nobody@example.com')
  verified.count = 0
  await enter('nobody@example.com')
  expect(verified.count).toBe(0)
})

test('what is forgiven long since is removed by the worker', async () => {
  await enter('nobody@example.com')
  const plain = postgres(database.url, { max: 1 })
  expect(await eraseOldDelays(plain)).toBe(0)
  await afterWaiting('2 hours')
  expect(await eraseOldDelays(plain)).toBe(2)
  await plain.end()
})
