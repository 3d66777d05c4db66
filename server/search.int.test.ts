import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendMessageRequest } from '@/core/requests'
import { acceptForeign } from '@/db/accept-foreign'
import { openWorkerDatabase } from '@/db/client'
import { findMessageId } from '@/db/messages'
import { createTestDatabase } from '@/stack/testing/services'
import { findAnswer } from './find-answer'
import { getMessage } from './get-message'
import { search } from './search'
import { sendMessage } from './send-message'
import { asked, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let id: string
let person: Awaited<ReturnType<TestContext['person']>>

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  const { actor } = await app.key(['messages:send'])
  person = await app.person('user', { firstName: 'Olena', lastName: 'Sample', email: 'olena.sample@example.com' })
  const send = async (to: string, subject: string) =>
    (await sendMessage(app, asked(actor), sendMessageRequest.parse({ to, subject, message: 'Hello.' }))).id
  id = await send('olena.sample@example.com', 'Your parcel')
  for (let count = 0; count < 6; count++) await send(`many-${count}@example.org`, 'One of many')
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const found = async (text: string) => {
  const { people, messages } = await search(app, text)
  return { people: people.map(({ email }) => email), messages: messages.map((message) => message.id) }
}

test('a name, an address, a subject and an id find the person and the mail', async () => {
  const { email } = person
  expect(await found('olena sam')).toEqual({ people: [email], messages: [] })
  expect(await found('olena.sample@')).toEqual({ people: [email], messages: [id] })
  expect(await found('parcel')).toEqual({ people: [], messages: [id] })
  expect(await found(String(person.id))).toMatchObject({ people: [email] })
  for (const text of [id, `<${id}@usualstore.com>`]) expect(await found(text)).toEqual({ people: [], messages: [id] })
  expect((await search(app, id)).messages[0]?.summary).toMatch(/./)
})

test('the mail of another service is found by the id that it has there, and told with it', async () => {
  const theirs = randomUUID()
  const mail = { producerId: theirs, type: 'notification', template: 'plain', data: { body: 'Hi' } } as const
  const words = { to: 'theirs@example.com', from: 'noreply@usualstore.com', subject: 'Of another service' }
  const rest = { priority: 'normal', maxRetries: 3, sensitive: false, askedAt: new Date().toISOString() } as const
  const sql = openWorkerDatabase({ url: database.url, max: 1, part: 'test' })
  const more = { seal: null, lifeMinutes: 60, delivery: 'send', partition: 0, offset: 1 } as const
  await acceptForeign(sql, { ...mail, ...words, ...rest }, more)
  await sql.end()
  const own = String(await findMessageId(app.db, theirs))
  expect(own).not.toBe(theirs)
  expect(await found(theirs)).toEqual({ people: [], messages: [own] })
  const { actor } = await app.key(['messages:read'])
  for (const asked of [theirs, theirs.toUpperCase(), own])
    expect(await getMessage(app, actor, asked)).toMatchObject({ id: own, producer_id: theirs })
  expect(await findAnswer(app, actor, theirs)).toMatchObject({ kind: 'answer', address: 'theirs@example.com' })
  expect(await getMessage(app, actor, id)).toMatchObject({ id, producer_id: null })
})

test('of many the first five are offered; of nothing, nothing', async () => {
  expect((await found('One of many')).messages).toHaveLength(5)
  expect(await found('nobody-and-nothing')).toEqual({ people: [], messages: [] })
  expect(await found('00000000-0000-7000-8000-000000000000')).toEqual({ people: [], messages: [] })
})
