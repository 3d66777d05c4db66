import { desc } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKeyRequest } from '@/core/key-requests'
import { auditLog } from '@/db/schema'
import { createTestDatabase } from '@/stack/testing/services'
import { createKey } from './create-key'
import { deleteUser } from './delete-user'
import { editUser } from './edit-user'
import { revokeKey } from './revoke-key'
import { asked, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let boss: Awaited<ReturnType<TestContext['person']>>

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  boss = await app.person('super_admin')
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

/** An admin who made these keys, and one more that was revoked. */
async function maker(...names: string[]) {
  const person = await app.person('admin')
  const make = async (name: string) => {
    const request = createKeyRequest.parse({ name, scopes: ['users:read'] })
    return (await createKey(app, asked(person.actor), request)).key.id
  }
  const ids: number[] = []
  for (const name of names) ids.push(await make(name))
  await revokeKey(app, asked(person.actor), await make('revoked'))
  return { id: person.id, ids }
}
const lastDetail = async () => (await app.db.select().from(auditLog).orderBy(desc(auditLog.id)).limit(1))[0]?.detail

test.each([
  ['disabled', { status: 'disabled' }],
  ['lowered', { role: 'supporter' }],
] as const)('whoever has an admin %s is told of the keys that they made and that still work', async (_, request) => {
  const { id, ids } = await maker('orders', 'returns')
  const { sentence } = await editUser(app, asked(boss.actor), id, request)
  expect(sentence).toMatch(
    /2 API keys that they made still work: "orders", "returns"\. Revoke what they may still know\.$/,
  )
  expect(await lastDetail()).toMatchObject({ active_keys: ids })
})

test('whoever deletes them is told too', async () => {
  const { id, ids } = await maker('orders')
  expect(await deleteUser(app, asked(boss.actor), id)).toBe(
    'An API key that they made still works: "orders". Revoke what they may still know.',
  )
  expect(await lastDetail()).toMatchObject({ active_keys: ids })
})

test('nothing is said of keys of others, of revoked ones, or when nothing is taken away', async () => {
  const [none, raised] = [await maker(), await maker('orders')]
  expect((await editUser(app, asked(boss.actor), none.id, { status: 'disabled' })).sentence).not.toContain('API key')
  const edited = await editUser(app, asked(boss.actor), raised.id, { role: 'super_admin' })
  expect(edited.sentence).not.toContain('API key')
})
