import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GET as previewRoute } from '@/app/api/templates/[name]/preview/route'
import { GET as subjectRoute } from '@/app/api/templates/[name]/subject/route'
import { POST as testRoute } from '@/app/api/templates/[name]/test/route'
import type { Handler } from '@/app/api/handle'
import { previewParts } from '@/core/message'
import { messages, messageSecrets, oneTimeLinks, outbox } from '@/db/schema'
import { createTestDatabase } from '@/stack/testing/services'
import { getMessage } from './get-message'
import { getTemplate, listTemplates } from './get-template'
import { resendMessage } from './resend-message'
import { sendMessage } from './send-message'
import { asked, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let supporter: Awaited<ReturnType<TestContext['person']>>
let admin: Awaited<ReturnType<TestContext['person']>>

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url, LIMIT_STAFF_PER_DAY: '20' })
  supporter = await app.person('supporter')
  admin = await app.person('super_admin')
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const origin = 'http://localhost:3005'

async function call(route: Handler, name: string, given: { query?: Record<string, string>; body?: unknown } = {}) {
  const { query, body } = given
  const request = new Request(`${origin}/api/templates/${name}?${new URLSearchParams(query)}`, {
    headers: { cookie: supporter.cookie, origin, 'content-type': 'application/json' },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  })
  const response = await route(request, { params: Promise.resolve({ name }) })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

test('every template is shown with each of its samples, in every part, and the form asks for all that it takes', async () => {
  const views = listTemplates(app)
  expect(views.map(({ name }) => name)).toEqual([
    'welcome',
    'password-reset',
    'address-changed',
    'password-changed',
    'second-factor-changed',
    'staff-added',
    'plain',
  ])
  for (const { name, fields, samples } of views) {
    for (const { data, subject } of samples) {
      expect(fields.map((field) => field.name).toSorted()).toEqual(Object.keys(data).toSorted())
      for (const part of previewParts) {
        const shown = await call(previewRoute, name, { query: { data: JSON.stringify(data), part } })
        expect([name, part, shown.status]).toEqual([name, part, 200])
        expect(shown.text).toContain({ html: '<html', text: ' ', source: `To: ${supporter.email}\r\n` }[part])
        expect(shown.headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/)
      }
      const answer = await call(subjectRoute, name, { query: { data: JSON.stringify(data) } })
      expect(JSON.parse(answer.text)).toEqual({ subject })
    }
  }
})

test('its form: texts, lines, choices, and what may be empty', () => {
  const field = (name: string, of: string) => getTemplate(app, of).fields.find((one) => one.name === name)
  expect(field('first_name', 'welcome')).toMatchObject({ label: 'First name', kind: 'line', is_optional: false })
  expect(field('role', 'welcome')).toMatchObject({ kind: 'choice', options: ['user', 'supporter', 'admin', 'super_admin'] }) // prettier-ignore
  expect(field('by', 'address-changed')).toMatchObject({ label: 'Who did it', kind: 'line', is_optional: true })
  expect(field('body', 'plain')).toMatchObject({ label: 'Text', kind: 'lines' })
  expect(getTemplate(app, 'welcome').samples.map(({ data }) => data['login_url'])).toEqual([
    'http://localhost:3000',
    `${origin}/support`,
    `${origin}/support`,
    `${origin}/support`,
  ])
})

test('what was typed is shown, as text', async () => {
  const data = JSON.stringify({ body: 'Hello <b>Noor</b>' })
  const { text } = await call(previewRoute, 'plain', { query: { data } })
  expect(text).toContain('Hello &lt;b&gt;Noor&lt;/b&gt;')
})

test('data that does not fit is refused, field by field, by every route', async () => {
  const wrong = { first_name: '', email: 'not an address', more: 'x' }
  for (const answer of [
    await call(previewRoute, 'password-reset', { query: { data: JSON.stringify(wrong) } }),
    await call(subjectRoute, 'password-reset', { query: { data: JSON.stringify(wrong) } }),
    await call(testRoute, 'password-reset', { body: { data: wrong } }),
  ]) {
    expect(answer.status).toBe(422)
    expect(JSON.parse(answer.text)).toMatchObject({
      errors: {
        'data.first_name': 'This field is needed.',
        'data.email': 'This is not one complete mail address, such as name@example.com.',
        'data.more': 'This field is not known.',
      },
    })
  }
  expect((await call(previewRoute, 'plain', { query: { data: '{' } })).status).toBe(422)
  expect((await call(previewRoute, 'plain', { query: { data: JSON.stringify({ body: 'ä'.repeat(2000) }) } })).status).toBe(422) // prettier-ignore
  for (const name of ['of-tomorrow', 'template-test', 'constructor']) {
    expect((await call(previewRoute, name)).status).toBe(404)
    expect((await call(testRoute, name, { body: { data: {} } })).status).toBe(404)
  }
  expect((await app.db.select().from(messages)).length).toBe(0)
})

test('a test goes to whoever asks and to nobody else, and carries nothing that opens anything', async () => {
  for (const { name, samples } of listTemplates(app)) {
    for (const { data, subject } of samples) {
      const { status, text } = await call(testRoute, name, { body: { data } })
      expect([name, status]).toEqual([name, 202])
      const { id, to } = JSON.parse(text) as { id: string; to: string }
      expect(to).toBe(supporter.email)
      const [row] = await app.db.select().from(messages).where(eq(messages.id, id))
      expect(row).toMatchObject({
        type: 'notification',
        template: 'template-test',
        toAddress: supporter.email,
        subject: `[Test] ${subject}`,
        userId: supporter.id,
        sensitive: false,
      })
      expect(await getMessage(app, supporter.actor, id)).toMatchObject({ hides: null })
    }
  }
  expect(await app.db.select().from(messageSecrets)).toEqual([])
  expect(await app.db.select().from(oneTimeLinks)).toEqual([])
})

test('sent again, a test is a test again; asked for over the API, it is not known', async () => {
  const { text } = await call(testRoute, 'password-reset', { body: { data: getTemplate(app, 'password-reset').samples[0]?.data } }) // prettier-ignore
  const { id } = JSON.parse(text) as { id: string }
  await app.owner.delete(outbox).where(eq(outbox.messageId, id))
  await app.owner.update(messages).set({ status: 'sent', closedAt: new Date() }).where(eq(messages.id, id))
  const again = await resendMessage(app, asked(admin.actor), id)
  const [row] = await app.db.select().from(messages).where(eq(messages.id, again.id))
  expect(row).toMatchObject({ type: 'notification', template: 'template-test', toAddress: supporter.email })
  const request = { to: admin.email, subject: 'x', template: 'template-test' }
  await expect(sendMessage(app, asked(admin.actor), request)).rejects.toThrow('There is no such template')
})

test('the limit of the day counts tests too', async () => {
  const statuses = []
  for (let count = 0; count < 20; count++) {
    statuses.push((await call(testRoute, 'plain', { body: { data: { body: 'Hello' } } })).status)
  }
  expect(statuses).toContain(202)
  expect(statuses.at(-1)).toBe(429)
})
