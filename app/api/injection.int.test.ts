import { afterAll, beforeAll, expect, test } from 'vitest'
import { scopes } from '@/core/permissions'
import { openTestContext, type TestContext } from '@/server/testing'
import { hostileAddresses, hostileLines, hostileTexts } from '@/stack/testing/hostile'
import { createTestDatabase } from '@/stack/testing/services'
import { storedIn } from '@/stack/testing/stored'
import type { Handler } from './handle'
import * as preview from './messages/[id]/preview/route'
import * as message from './messages/[id]/route'
import * as send from './messaging/send/route'
import { origin } from './testing'
import * as user from './users/[id]/route'
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

/** A key for each call: how much one may do a minute or a day is another matter. */
async function ask(handler: Handler, method: string, { body, id = '' }: { body?: unknown; id?: string | number }) {
  const { authorization } = await app.key(scopes)
  const headers = { authorization, 'content-type': 'application/json' }
  const request = new Request(`${origin}/api`, { method, headers, body: body && JSON.stringify(body) } as RequestInit)
  return handler(request, { params: Promise.resolve({ id: String(id) }) })
}
const mail = { to: 'reader@example.com', subject: 'Hello', message: 'Hello' }
const person = { first_name: 'A', last_name: 'B', email: 'a@example.com' }
let count = 0

test.each(hostileTexts)('%j is text: stored, read back and mailed as it was written', async (text) => {
  const made = await ask(users.POST, 'POST', {
    body: { first_name: text, last_name: text, email: `hostile-${++count}@example.com` },
  })
  expect(made.status).toBe(201)
  const { id, welcome_message_id } = (await made.json()) as { id: number; welcome_message_id: string }
  const read = (await (await ask(user.GET, 'GET', { id })).json()) as { user: Record<string, string> }
  expect(read.user).toMatchObject({ first_name: text, last_name: text })

  const sent = await ask(send.POST, 'POST', { body: { ...mail, subject: text, message: `${text}\n${text}` } })
  const story = await ask(message.GET, 'GET', { id: ((await sent.json()) as { id: string }).id })
  expect(await story.json()).toMatchObject({ message: { subject: text } })
  // JSON that a browser takes for nothing else.
  expect([story.headers.get('content-type'), story.headers.get('x-content-type-options')]).toEqual([
    'application/json',
    'nosniff',
  ])
  const html = await (await ask(preview.GET, 'GET', { id: welcome_message_id })).text()
  expect(html).toContain('Welcome, ')
  expect(html).not.toMatch(/<(script|img|svg|math|details|input|iframe|base|link|object|form)\b|href="(?!https?:)/i)
})

test.each(hostileAddresses)(
  '%j is no address: not to, not from, not to be answered, not of an account',
  async (address) => {
    const before = await storedIn(app.db)
    for (const field of ['to', 'from', 'reply_to'])
      expect({ field, status: (await ask(send.POST, 'POST', { body: { ...mail, [field]: address } })).status }).toEqual(
        {
          field,
          status: 422,
        },
      )
    expect((await ask(users.POST, 'POST', { body: { ...person, email: address } })).status).toBe(422)
    // Each call of this test made a key.
    expect({ ...(await storedIn(app.db)), api_keys: '' }).toEqual({ ...before, api_keys: '' })
  },
)

test.each(hostileLines)('%j is no subject and no name', async (line) => {
  expect((await ask(send.POST, 'POST', { body: { ...mail, subject: line } })).status).toBe(422)
  for (const field of ['first_name', 'last_name'])
    expect((await ask(users.POST, 'POST', { body: { ...person, [field]: line } })).status).toBe(422)
})

test('no header, file, address to fetch or HTML of its own is taken with a mail', async () => {
  for (const field of [
    'headers',
    'html',
    'raw',
    'attachments',
    'cc',
    'bcc',
    'envelope',
    'sender',
    'list',
    'icalEvent',
  ]) {
    const answer = await ask(send.POST, 'POST', { body: { ...mail, [field]: 'x' } })
    expect(await answer.json()).toMatchObject({ errors: { [field]: 'This field is not known.' } })
  }
  for (const template of ['toString', '__proto__', '../plain', 'plain.tsx', ''])
    expect((await ask(send.POST, 'POST', { body: { to: mail.to, template } })).status).toBe(422)
  expect((await ask(send.POST, 'POST', { body: { ...mail, from: 'boss@other.example' } })).status).toBe(422)
})
