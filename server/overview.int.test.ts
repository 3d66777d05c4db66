import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { editUserRequest, sendMessageRequest } from '@/core/requests'
import { createTestDatabase } from '@/stack/testing/services'
import { createUser } from './create-user'
import { editUser } from './edit-user'
import { findAnswer } from './find-answer'
import { getNeeds } from './get-needs'
import { getPipeline } from './get-pipeline'
import { sendMessage } from './send-message'
import { shared } from './shared'
import { asked, onlooker, openTestContext, type TestContext } from './testing'

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

const send = (to: string, subject = 'Hello') =>
  sendMessage(app, asked(onlooker), sendMessageRequest.parse({ to, subject, message: 'Hello' }))
const create = (first_name: string, last_name: string, email: string) =>
  createUser(app, asked(onlooker), { first_name, last_name, email, role: 'user', welcome: true })
const answer = (question: string) => findAnswer(app, onlooker, question)
const run = (statement: ReturnType<typeof sql>) => app.owner.execute(statement)

test('a name, an address, a part of one or a message leads to the newest mail; several are offered, none is guessed', async () => {
  const olena = await create('Olena', 'Sample', 'olena.sample@example.com')
  await create('Tom', 'Tester', 'tom.tester@example.com')
  await create('Tom', 'Trial', 'tom.trial@example.com')
  const newest = await send('Olena.Sample@example.com', 'Your order')
  await send('not.olena.sample@example.com')
  const guest = await send('guest@example.org')
  await send('guest@example.net')

  for (const question of ['olena sample', 'OLENA.SAMPLE@example.com', String(olena.id)])
    expect(await answer(question)).toMatchObject({
      kind: 'answer',
      user: { id: olena.id },
      message: { id: newest.id, subject: 'Your order' },
      earlier: [{ id: olena.welcome_message_id }],
    })
  expect(await answer('tom')).toMatchObject({
    kind: 'choices',
    people: [{ last_name: 'Trial' }, { last_name: 'Tester' }],
  })
  expect(await answer('guest@example.org')).toMatchObject({ kind: 'answer', user: null, message: { id: guest.id } })
  expect(await answer('guest@example.or')).toMatchObject({ kind: 'answer', message: { id: guest.id } })
  expect(await answer('guest@')).toMatchObject({
    kind: 'choices',
    mail: [{ to: 'guest@example.net' }, { id: guest.id }],
  })
  expect(await answer(`<${guest.id}@usualstore.com>`)).toMatchObject({ kind: 'answer', message: { id: guest.id } })
  for (const question of ['nobody', 'nobody@example.com', '00000000-0000-7000-8000-000000000000'])
    expect(await answer(question)).toEqual({ kind: 'nothing' })
  const staff = await app.person('super_admin', { firstName: 'Uma', lastName: 'Boss', email: 'uma@example.com' })
  for (const question of ['super', new Date().toISOString().slice(0, 10)])
    expect(await answer(question)).toEqual({ kind: 'nothing' })
  expect(await answer('uma boss')).toMatchObject({ user: { id: staff.id } })
  const { id } = await app.person('user')
  expect(await answer(String(id))).toMatchObject({ kind: 'answer', user: { id }, message: null })
})

test('an address and a whole name lead to their own person, however many newer ones contain them', async () => {
  const ann = await create('Ann', 'Hidden', 'ann@example.com')
  for (const name of ['joann', 'suzann', 'deann', 'leann', 'maryann', 'roxann', 'luann'])
    await create(name, 'Hidden', `${name}@example.com`)
  // A busy address that contains hers.
  await run(sql`
    insert into messages (type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, created_by_name)
    select 'notification', 'plain', 'joann@example.com', 'a@example.com', 'Busy ' || n, '{}', false, 1, 3, 'seed' from generate_series(1, 40) n`)
  expect(await answer('Ann@example.com')).toMatchObject({
    kind: 'answer',
    user: { id: ann.id },
    message: { id: ann.welcome_message_id },
    earlier: [],
  })
  const found = await answer('ann hidden')
  expect(found).toMatchObject({ kind: 'choices', has_more: true })
  if (found.kind !== 'choices') throw new Error(found.kind)
  expect(found.people.map(({ email }) => email)).toHaveLength(6)
  expect(found.people[0]?.email).toBe('ann@example.com')
  expect(await answer('tom')).toMatchObject({ kind: 'choices', has_more: false })
})

test('what is mistyped leads to those who might be meant, and what resembles nobody to nobody', async () => {
  const barbara = await create('Barbara', 'Liskov', 'barbara.liskov@example.com')
  for (const question of ['barbara.liskov@exmaple.com', 'barbra liskov', 'Liskow Barbara'])
    expect(await answer(question)).toMatchObject({ kind: 'choices', is_near: true, people: [{ id: barbara.id }] })
  expect(await answer('zzyzx quux')).toEqual({ kind: 'nothing' })
})

test('once an address was corrected, the old one leads to the person, and the old mail to the new one', async () => {
  const grace = await create('Grace', 'Hopper', 'grace@example.org')
  await run(
    sql`update messages set status = 'dead', closed_at = now(), dead_reason = 'refused', last_cause = 'mailbox_unknown' where id = ${grace.welcome_message_id}`,
  )
  await run(sql`delete from outbox where message_id = ${grace.welcome_message_id}`)
  const change = editUserRequest.parse({ email: 'grace.hopper@example.org', send_again: true })
  const edited = await editUser(app, asked(onlooker), grace.id, change)
  const newest = edited.welcome_message_id
  expect(newest).toBeDefined()
  expect(await answer('grace@example.org')).toMatchObject({
    kind: 'answer',
    user: { id: grace.id, email: 'grace.hopper@example.org' },
    message: { id: grace.welcome_message_id, sent_again: { id: newest, to: 'grace.hopper@example.org' } },
  })
  expect(await answer('grace.hopper@example.org')).toMatchObject({
    message: { id: newest, sent_again: null },
    earlier: [{ id: grace.welcome_message_id }],
  })
})

test('the pipeline tells what waits, since when, who works, and that Kafka does not answer', async () => {
  await run(sql`delete from outbox`)
  const [late] = [await send('late@example.com'), await send('now@example.com')]
  await run(sql`update outbox set due_at = now() - interval '11 s' where message_id = ${late.id}`)
  await run(sql`
    insert into processes (name, kind, facts, seen_at) values ('one', 'worker', '{}', now()), ('two', 'worker', '{}', now() - interval '46 s'),
      ('replaced long ago', 'worker', '{}', now() - interval '11 min')`)
  await run(sql`
    insert into delivery_hours (hour, asked, accepted, in_time, at_first_try, dead, median_ms, p95_ms)
    values (date_trunc('hour', now()), 12, 10, 9, 8, 2, 700, 1600)`)
  const pipeline = await getPipeline(app)
  expect(pipeline).toMatchObject({
    api: { asked_this_hour: 12, asked_last_hour: 0 },
    outbox: { waiting: 2, overdue: 1, held: 0 },
    kafka: null,
    workers: { up: 1, away: 1, sending: 0 },
    smtp: { median_ms: 700, first_try_share: 0.8 },
    dead: { last_day: 2 },
  })
  expect(Date.parse(pipeline.at) - Date.parse(pipeline.outbox.oldest_since ?? '')).toBeGreaterThan(10_000)
  expect(pipeline.outbox.asked_last_minute).toBeGreaterThan(1)
})

test('what needs somebody: mail that is still dead and not sent again, and people who never came in', async () => {
  const [dead, again, doubt, put] = [
    await send('a@example.com'),
    await send('b@example.com'),
    await send('c@example.com'),
    await send('d@example.com'),
  ]
  for (const { id } of [dead, again, doubt, put]) {
    await run(
      sql`update messages set status = 'dead', closed_at = now(), dead_reason = 'refused', last_cause = 'mailbox_full' where id = ${id}`,
    )
    await run(sql`insert into message_events (message_id, event) values (${id}, 'dead')`)
  }
  await run(sql`insert into message_events (message_id, event) values (${again.id}, 'resent')`)
  await run(sql`update messages set may_have_been_delivered = true where id = ${doubt.id}`)
  await run(sql`update messages set status = 'queued' where id = ${put.id}`)
  const absent = await create('Never', 'Came', 'never@example.com')
  const present = await create('Has', 'Come', 'has@example.com')
  const ids = sql`(${absent.id}, ${present.id})`
  await run(sql`update users set created_at = now() - interval '3 days' where id in ${ids}`)
  await run(sql`update users set password_hash = 'x' where id = ${present.id}`)
  await run(sql`update messages set status = 'sent', sent_at = now() - interval '49 h' where user_id in ${ids}`)
  expect(await getNeeds(app)).toEqual({
    dead: 1,
    dead_causes: [{ cause: 'mailbox_full', count: 1 }],
    in_doubt: 1,
    absent: 1,
  })
})

test('fifty who ask at once are one question, and a failure is not kept', async () => {
  const context = {}
  let questions = 0
  const ask = shared(60_000, () => {
    questions++
    return questions === 1
      ? Promise.reject(new Error('away'))
      : new Promise((resolve) => setImmediate(resolve, questions))
  })
  await expect(ask(context)).rejects.toThrow('away')
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(context)))
  expect(new Set(answers)).toEqual(new Set([2]))
  expect(await ask(context)).toBe(2)
  expect(await ask({})).toBe(3)
  await vi.waitFor(() => expect(questions).toBe(3))
})

test('what took long to find out is kept for longer', async () => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  let questions = 0
  const ask = shared(1_000, (_key: object) => {
    questions++
    now += 200
    return Promise.resolve(questions)
  })
  const key = {}
  expect(await ask(key)).toBe(1)
  await new Promise(setImmediate)
  now += 3_900
  expect(await ask(key)).toBe(1)
  now += 200
  expect(await ask(key)).toBe(2)
  vi.restoreAllMocks()
})
