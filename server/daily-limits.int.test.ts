import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { AppError } from '@/core/errors'
import { scopes, type Actor } from '@/core/permissions'
import { sendMessageRequest } from '@/core/requests'
import { removeOldCounts } from '@/db/daily-counts'
import { openWorkerDatabase } from '@/db/client'
import { createTestDatabase } from '@/stack/testing/services'
import { createUser } from './create-user'
import { AnsweredBefore } from './once'
import { sendMessage } from './send-message'
import { asked, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let key: Actor

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({
    DATABASE_URL: database.url,
    LIMIT_RECIPIENT_PER_DAY: '3',
    LIMIT_KEY_PER_DAY: '50',
    LIMIT_STAFF_PER_DAY: '2',
  })
})
afterAll(async () => {
  await app.close()
  await database.drop()
})
beforeEach(async () => {
  await app.db.execute(sql`delete from daily_counts`)
  key = (await app.key(scopes)).actor
})

const send = (actor: Actor, to: string, idempotencyKey?: string, context: TestContext = app) =>
  sendMessage(
    context,
    {
      ...asked(actor),
      ...(idempotencyKey && {
        once: {
          key: idempotencyKey,
          request: to,
          answerOf: ({ id }) => ({ status: 202, body: JSON.stringify({ id }) }),
        },
      }),
    },
    sendMessageRequest.parse({ to, subject: 'Hello', message: 'Your parcel.' }),
  )
const refusal = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof AppError)) throw new Error('It was not refused')
  return { code: error.code, message: error.message, after: error.options.retryAfterSeconds }
}
const counted = async (like: string) =>
  (await app.db.execute<{ count: number }>(sql`select count from daily_counts where key like ${like}`)).map(
    ({ count }) => count,
  )
const mails = async () => (await app.db.execute<{ n: number }>(sql`select count(*)::int as n from messages`))[0]?.n ?? 0

test('one address gets so many mails a day, whoever asks; the refusal says until when, and leaves nothing behind', async () => {
  const other = (await app.key(scopes)).actor
  await send(key, 'a@example.com')
  await send(other, 'A@example.com')
  await send(key, 'a@example.com')
  const before = await mails()
  const refused = await refusal(send(other, 'a@Example.com'))
  expect(refused).toMatchObject({
    code: 'too_many',
    message: 'This address would get more than 3 mails today. Please try again after midnight (UTC).',
  })
  expect(refused.after).toBeGreaterThan(0)
  expect(refused.after).toBeLessThanOrEqual(86_400)
  expect([await mails(), await counted('to:%'), await counted(`by:key:${other.id}`)]).toEqual([before, [3], [1]])
  await send(key, 'b@example.com')
})

test('a member of staff asks for so many a day, accounts with their mail too; others are not touched by it', async () => {
  const { actor } = await app.person('admin')
  await send(actor, 'one@example.com')
  const person = (email: string) =>
    createUser(app, asked(actor), { first_name: 'Ada', last_name: 'Two', email, role: 'user', welcome: true })
  await person('two@example.com')
  expect((await refusal(person('three@example.com'))).message).toMatch(
    /^You would have asked for more than 2 mails today\./,
  )
  expect(await app.db.execute(sql`select 1 from users where email = 'three@example.com'`)).toHaveLength(0)
  await send((await app.person('supporter')).actor, 'one@example.com')
})

test('addresses are counted under a keyed hash, which tells nobody who they are', async () => {
  await send(key, 'secret.person@example.com')
  const rows = await app.db.execute<{ key: string }>(sql`select key from daily_counts`)
  expect(rows.map((row) => row.key.replace(/:.*/, '')).toSorted()).toEqual(['by', 'to'])
  expect(JSON.stringify(rows)).not.toContain('person')
})

test('a request that is repeated with its Idempotency-Key counts once', async () => {
  await send(key, 'again@example.com', 'the-same')
  for (let n = 0; n < 5; n++) await expect(send(key, 'again@example.com', 'the-same')).rejects.toThrow(AnsweredBefore)
  expect([await counted('to:%'), await counted('by:%')]).toEqual([[1], [1]])
})

test('what fails counts for nothing', async () => {
  const person = {
    first_name: 'Ada',
    last_name: 'Twice',
    email: 'twice@example.com',
    role: 'user',
    welcome: true,
  } as const
  await createUser(app, asked(key), person)
  await expect(createUser(app, asked(key), person)).rejects.toMatchObject({ code: 'conflict' })
  expect([await counted('to:%'), await counted('by:%')]).toEqual([[1], [1]])
})

test('40 that one key asks for at once, to several addresses in any order, all succeed', async () => {
  const addresses = Array.from({ length: 40 }, (_, n) => `crowd-${(n * 7) % 20}@example.com`)
  const sent = await Promise.all(addresses.map((to) => send(key, to)))
  expect(new Set(sent.map(({ id }) => id)).size).toBe(40)
  expect([await counted('by:%'), await counted('to:%')]).toEqual([[40], Array.from({ length: 20 }, () => 2)])
})

test('of many at once exactly as many as the limit allows are accepted', async () => {
  const results = await Promise.allSettled(Array.from({ length: 12 }, () => send(key, 'flood@example.com')))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
})

test('0 is no limit, and then nothing is counted', async () => {
  const free = {
    ...app,
    config: { ...app.config, LIMIT_RECIPIENT_PER_DAY: 0, LIMIT_KEY_PER_DAY: 0 },
  }
  for (let n = 0; n < 5; n++) await send(key, 'free@example.com', undefined, free)
  expect(await counted('%')).toEqual([])
})

test('a new day begins at nothing, and the counts of old days are removed', async () => {
  for (let n = 0; n < 3; n++) await send(key, 'daily@example.com')
  await app.db.execute(sql`update daily_counts set day = day - 1`)
  await send(key, 'daily@example.com')
  const worker = openWorkerDatabase({ url: database.url, max: 1, part: 'w1' })
  expect(await removeOldCounts(worker)).toBe(2)
  await worker.end()
  expect(await counted('to:%')).toEqual([1])
})
