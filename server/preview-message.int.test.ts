import { afterAll, beforeAll, expect, test } from 'vitest'
import { GET } from '@/app/api/messages/[id]/preview/route'
import type { Role } from '@/core/roles'
import { messages, messageSecrets } from '@/db/schema'
import { createTestDatabase } from '@/stack/testing/services'
import { createUser } from './create-user'
import { getMessage } from './get-message'
import { sendMessage } from './send-message'
import { asked, onlooker, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let admin: Awaited<ReturnType<TestContext['person']>>

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  admin = await app.person('super_admin')
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

async function look(id: string, headers: Record<string, string>, query = '') {
  const request = new Request(`http://localhost:3005/api/messages/${id}/preview${query}`, { headers })
  const response = await GET(request, { params: Promise.resolve({ id }) })
  return { status: response.status, headers: response.headers, text: await response.text() }
}
const as = async (role: Role) => ({ cookie: (await app.person(role)).cookie })

let count = 0
const welcome = async (password?: string) => {
  const email = `preview-${++count}@example.com`
  const given = { first_name: 'Olena', last_name: 'Sample', email, role: 'user', welcome: true, password } as const
  return (await createUser(app, asked(admin.actor), given)).welcome_message_id ?? ''
}
const plain = async (message: string, sensitive?: boolean) => {
  const mail = { to: 'reader@example.com', subject: 'Hello', message, template: 'plain', sensitive }
  return (await sendMessage(app, asked(admin.actor), mail)).id
}

test('the mail is shown as it was made, in a document that can do and load nothing', async () => {
  const id = await plain('Hello <b>Olena</b>, see https://store.example.com/a')
  expect(await getMessage(app, onlooker, id)).toMatchObject({ hides: null })
  const html = await look(id, await as('supporter'))
  expect(html).toMatchObject({ status: 200 })
  expect(html.text).toContain('Hello &lt;b&gt;Olena&lt;/b&gt;')
  expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const policy = html.headers.get('content-security-policy')?.split('; ')
  expect(policy).toEqual([
    'sandbox',
    "default-src 'none'",
    'img-src data:',
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ])
  expect(html.headers.get('cache-control')).toBe('no-store')
  const text = await look(id, await as('supporter'), '?part=text')
  expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  expect(text.text).toBe('Hello <b>Olena</b>, see https://store.example.com/a')
})

test('its source is the mail as it is sent, byte for byte', async () => {
  const id = await plain('Hello Olena')
  const source = await look(id, await as('supporter'), '?part=source')
  expect(source).toMatchObject({ status: 200 })
  expect(source.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  expect(source.text).toMatch(
    /^Date: .+\r\nFrom: Usual Store <\S+@\S+>\r\nTo: reader@example\.com\r\nSubject: Hello\r\n/,
  )
  expect(source.text).toContain(`Message-ID: <${id}@`)
  expect(source.text).toContain(Buffer.from('Hello Olena').toString('base64'))
})

test('a first password, a link and a sealed body are masked for everybody', async () => {
  for (const [secret, id, hides] of [
    ['a-first-password-canary', await welcome('a-first-password-canary'), 'password'],
    ['set-password#', await welcome(), 'link'],
    ['the-code-is-canary', await plain('Your code: the-code-is-canary', true), 'body'],
  ] as const) {
    expect(await getMessage(app, onlooker, id)).toMatchObject({ hides })
    for (const part of ['html', 'text']) {
      const shown = await look(id, { cookie: admin.cookie }, `?part=${part}`)
      expect(shown.status).toBe(200)
      expect(shown.text).toContain('[hidden]')
      expect(shown.text).not.toContain(secret)
    }
    const [, plainPart = ''] = (await look(id, { cookie: admin.cookie }, '?part=source')).text.split('base64\r\n\r\n')
    const decoded = Buffer.from(plainPart.slice(0, plainPart.indexOf('--')), 'base64').toString()
    expect([decoded.includes('[hidden]'), decoded.includes(secret)]).toEqual([true, false])
  }
  // They were there to be shown by mistake.
  expect((await app.db.select().from(messageSecrets)).length).toBe(2)
})

test('mail about access, or marked as sensitive, is for administrators alone', async () => {
  const ids = [await welcome(), await welcome('a-first-password'), await plain('For you alone.', true)]
  for (const id of ids) {
    const refused = await look(id, await as('supporter'))
    expect(refused.status).toBe(403)
    expect(JSON.parse(refused.text)).toMatchObject({ message: expect.stringMatching(/only administrators/) as string })
    expect((await look(id, await as('admin'))).status).toBe(200)
  }
  const { authorization } = await app.key(['messages:read'], { role: 'admin' })
  expect((await look(ids[0] ?? '', { authorization })).status).toBe(200)
})

test('what is not there, cannot be made, or is no part of a mail, is said', async () => {
  const { cookie } = admin
  expect((await look('00000000-0000-7000-8000-000000000000', { cookie })).status).toBe(404)
  expect((await look(await plain('Hello'), { cookie }, '?part=headers')).status).toBe(422)
  const row = { type: 'notification', toAddress: 'a@example.com', fromAddress: 'a@example.com', subject: 'x', sensitive: false, priority: 1, maxRetries: 3, createdByName: 'test' } as const // prettier-ignore
  for (const made of [
    { template: 'plain', data: { html: '<b>' } },
    { template: 'of-tomorrow', data: {} },
  ]) {
    const [message] = await app.db.insert(messages).values({ ...row, ...made }).returning() // prettier-ignore
    const answer = await look(message?.id ?? '', { cookie })
    expect([answer.status, answer.text.includes('<b>')]).toEqual([409, false])
  }
})
