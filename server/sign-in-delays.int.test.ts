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
const afterWaiting = (span: string) =>
  app.db.execute(
    sql`update sign_in_delays set wait_until = wait_until - ${span}::interval, failed_at = failed_at - ${span}::interval`,
  )
/** Where a request counts as coming from, that says of itself where it comes from. */
const from = (forwarded: string) =>
  requestAddress(
    app,
    new Request('http://localhost:3005', {
      headers: { 'x-peer-address': '2001:db8::5', 'x-forwarded-for': forwarded },
    }),
  )
const isWait = expect.stringMatching(/^wait-\d+$/) as string

test('the sixth try after five failures has to wait, with the right password too; after the wait it is let in', async () => {
  const person = await app.person('admin')
  expect(await repeat(5, person.email)).toEqual(Array(5).fill('wrong_credentials'))
  expect(await enter(person.email, { password: knownPassword })).toBe('wait-1')
  await afterWaiting('1 second')
  expect(await enter(person.email, { password: knownPassword })).toBe('in')
  // The account begins anew.
  expect(await repeat(5, person.email)).toEqual(Array(5).fill('wrong_credentials'))
})

test('each further failure doubles the wait, up to 15 min and never more: nobody is locked out for good', async () => {
  const person = await app.person('admin')
  await repeat(5, person.email)
  const waits: number[] = []
  for (let failure = 0; failure < 14; failure++) {
    const [row] = await app.db.execute(sql`
      select round(extract(epoch from wait_until - failed_at))::int as wait from sign_in_delays where key like 'account:%'`)
    waits.push(Number(row?.['wait']))
    expect(await enter(person.email)).toEqual(isWait)
    await afterWaiting('900 seconds')
    await app.db.execute(sql`update sign_in_delays set wait_until = clock_timestamp() where wait_until < now()`)
    expect(await enter(person.email)).toBe('wrong_credentials')
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900])
  await afterWaiting('15 minutes')
  expect(await enter(person.email, { password: knownPassword })).toBe('in')
})

test('failures that lie some minutes back are forgiven, one after the other', async () => {
  const person = await app.person('admin')
  await repeat(5, person.email)
  await afterWaiting('6 minutes 2 seconds')
  expect(await repeat(3, person.email)).toEqual(['wrong_credentials', 'wrong_credentials', isWait])
})

test('an account that does not exist waits like one that does, and says the same', async () => {
  const person = await app.person('admin')
  const disabled = await app.person('admin', { status: 'disabled' })
  for (const email of [person.email, disabled.email, 'nobody@example.com']) {
    expect(await repeat(6, email)).toEqual([...Array<string>(5).fill('wrong_credentials'), 'wait-1'])
  }
})

test('capitals do not make it another account', async () => {
  const person = await app.person('admin')
  await repeat(3, person.email)
  expect(await repeat(3, person.email.toUpperCase())).toEqual(['wrong_credentials', 'wrong_credentials', isWait])
})

test('many at the same moment are not all judged as the first, from two web processes either', async () => {
  const person = await app.person('admin')
  const other = openDatabase({ url: database.url, max: 10, part: 'web' })
  const contexts = [app, { ...app, db: other.db }]
  const results = await Promise.all(
    Array.from({ length: 30 }, (_, index) => enter(person.email, { context: contexts[index % 2] })),
  )
  expect(results.filter((code) => code === 'wrong_credentials')).toHaveLength(5)
  await other.close()
})

test('a new web process knows of the failures before it', async () => {
  const person = await app.person('admin')
  await repeat(5, person.email)
  const other = openDatabase({ url: database.url, max: 1, part: 'web' })
  expect(await enter(person.email, { context: { ...app, db: other.db } })).toEqual(isWait)
  await other.close()
})

test('who tries many accounts from one place waits there, and others elsewhere do not', async () => {
  const person = await app.person('admin')
  const codes: string[] = []
  for (let count = 0; count < 50; count++) codes.push(await enter(`guess-${count}@example.com`))
  expect(new Set(codes)).toEqual(new Set(['wrong_credentials']))
  expect(await enter(person.email, { password: knownPassword })).toEqual(isWait)
  expect(await enter(person.email, { password: knownPassword, address: '192.0.2.2' })).toBe('in')
})

test('one who gets in clears their account only: an account of one’s own does not pay for guessing others', async () => {
  const person = await app.person('admin')
  for (let count = 0; count < 49; count++) await enter(`other-${count}@example.com`)
  expect(await enter(person.email, { password: knownPassword })).toBe('in')
  expect(await enter('other-50@example.com')).toBe('wrong_credentials')
  expect(await enter('other-51@example.com')).toEqual(isWait)
})

test('an invented X-Forwarded-For does not make it another place, nor does another address of the same line', async () => {
  for (let count = 0; count < 25; count++) await enter(`a-${count}@example.com`, { address: from(`10.0.0.${count}`) })
  for (let count = 0; count < 25; count++) await enter(`b-${count}@example.com`, { address: `2001:db8::${count}:1` })
  expect(await enter('c@example.com', { address: from('10.9.9.9') })).toEqual(isWait)
})

test('what was typed as an address stands nowhere: it may be a password', async () => {
  await enter('correct horse battery staple')
  const rows = await app.db.execute(sql`select * from sign_in_delays`)
  expect(rows).toHaveLength(2)
  expect(JSON.stringify(rows)).not.toContain('horse')
})

test('an account holder with the right password is no guesser', async () => {
  const user = await app.person('user')
  expect(await repeat(8, user.email, { password: knownPassword })).toEqual(Array(8).fill('not_staff'))
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
  await repeat(5, 'nobody@example.com')
  verified.count = 0
  await enter('nobody@example.com')
  expect(verified.count).toBe(0)
})

test('what is forgiven long since is removed by the worker', async () => {
  await repeat(5, 'nobody@example.com')
  const plain = postgres(database.url, { max: 1 })
  expect(await eraseOldDelays(plain)).toBe(0)
  await afterWaiting('2 hours')
  expect(await eraseOldDelays(plain)).toBe(2)
  await plain.end()
})
