import { randomUUID } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { messages } from '@/db/schema'
import { openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import * as route from './forgot-password/route'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url, TRUSTED_PROXIES: '1' })
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

async function ask(body: unknown, headers: Record<string, string> = {}) {
  const request = new Request('http://localhost:3005/api/forgot-password', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.9', ...headers },
  })
  const response = await route.POST(request, { params: Promise.resolve({}) })
  return { status: response.status, body: await response.text(), headers: [...response.headers.keys()].toSorted() }
}

test('an account, none, a disabled one, and one that was asked for too often get one answer', async () => {
  const [person, disabled] = [await app.person('user'), await app.person('user', { status: 'disabled' })]
  const first = await ask({ email: person.email })
  expect(first).toMatchObject({ status: 202 })
  const answers = []
  for (const email of [disabled.email, 'nobody@example.com', ...Array.from({ length: 4 }, () => person.email)]) {
    answers.push(await ask({ email }))
  }
  expect(answers).toEqual(answers.map(() => first))
  expect(await app.db.select().from(messages).where(eq(messages.userId, person.id))).toHaveLength(3)
})

test('what the request says of its host is in nothing that is stored: the link is made from NEXTAUTH_URL', async () => {
  const person = await app.person('user')
  const evil = `evil-${randomUUID()}.example.com`
  await ask({ email: person.email }, { 'x-forwarded-host': evil, forwarded: `host=${evil}` })
  const rows = await app.db.select().from(messages).where(eq(messages.userId, person.id))
  expect(rows).toHaveLength(1)
  expect(JSON.stringify(rows)).not.toContain(evil)
})

test('only by POST, with one address and nothing else', async () => {
  const get = await route.GET(new Request('http://localhost:3005/api/forgot-password'), { params: Promise.resolve({}) })
  expect(get.status).toBe(405)
  for (const body of [{}, { email: 'no address' }, { email: 'a@example.com, b@example.com' }, { email: 5 }]) {
    expect(await ask(body)).toMatchObject({ status: 422 })
  }
  expect(await ask({ email: 'a@example.com', user_id: 1 })).toMatchObject({ status: 422 })
})
