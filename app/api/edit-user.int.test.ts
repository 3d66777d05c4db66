import { afterAll, beforeAll, expect, test } from 'vitest'
import { scopes } from '@/core/permissions'
import { findUserByAddress } from '@/db/users'
import { openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import type { Handler } from './handle'
import { GET, PATCH } from './users/[id]/route'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let authorization: string

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  authorization = (await app.key(scopes)).authorization
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

async function call(handler: Handler, method: string, id: number, content?: string, who: Record<string, string> = {}) {
  const request = new Request(`http://localhost:3005/api/users/${id}`, {
    method,
    body: content,
    headers: { origin: 'http://localhost:3005', 'content-type': 'application/json', ...who },
  })
  const response = await handler(request, { params: Promise.resolve({ id: String(id) }) })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}
const patch = (id: number, body: object) => call(PATCH, 'PATCH', id, JSON.stringify(body), { authorization })

test('what was changed is answered with the account, in words and in numbers', async () => {
  const person = await app.person('supporter')
  const { status, answer } = await patch(person.id, { first_name: 'Bea', status: 'disabled' })
  expect(status).toBe(200)
  expect(answer).toMatchObject({
    error: false,
    message: 'The account is changed. They are signed out everywhere and cannot sign in.',
    user: { id: person.id, first_name: 'Bea', status: 'disabled' },
    cancelled_messages: 0,
    ended_links: 0,
  })
  expect(JSON.stringify(answer)).not.toMatch(/hash|argon2|session_version/i)
})

test.each(['id', 'password', 'password_hash', 'session_version', 'must_change_password', 'created_by'])(
  'a field that is not to be set is refused with all the others: %s',
  async (name) => {
    const person = await app.person('supporter')
    const { status, answer } = await patch(person.id, { first_name: 'Lost', [name]: 7 })
    expect(status).toBe(422)
    expect(answer['errors']).toEqual({ [name]: 'This field is not known.' })
    expect(await findUserByAddress(app.db, person.email)).toMatchObject({
      firstName: 'Test',
      passwordHash: person.passwordHash,
      sessionVersion: 1,
    })
  },
)

test('a taken address is named at its field', async () => {
  const [person, other] = [await app.person('user'), await app.person('user')]
  expect(await patch(person.id, { email: other.email })).toMatchObject({
    status: 409,
    answer: { errors: { email: 'There is already an account with this address.' } },
  })
})

test('who is demoted or disabled is refused at the very next request', async () => {
  const [demoted, disabled] = [await app.person('admin'), await app.person('admin')]
  const reads = async (cookie: string) => (await call(GET, 'GET', demoted.id, undefined, { cookie })).status
  expect([await reads(demoted.cookie), await reads(disabled.cookie)]).toEqual([200, 200])
  await patch(demoted.id, { role: 'user' })
  await patch(disabled.id, { status: 'disabled' })
  expect([await reads(demoted.cookie), await reads(disabled.cookie)]).toEqual([401, 401])
  await patch(disabled.id, { status: 'active' })
  expect(await reads(disabled.cookie)).toBe(401)
})
