import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendMessageRequest } from '@/core/requests'
import { createTestDatabase } from '@/stack/testing/services'
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

test('of many the first five are offered; of nothing, nothing', async () => {
  expect((await found('One of many')).messages).toHaveLength(5)
  expect(await found('nobody-and-nothing')).toEqual({ people: [], messages: [] })
  expect(await found('00000000-0000-7000-8000-000000000000')).toEqual({ people: [], messages: [] })
})
