import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { scopes, type Actor } from '@/core/permissions'
import { roles, type Role } from '@/core/roles'
import { users } from '@/db/schema'
import { createTestDatabase } from '@/stack/testing/services'
import { createUser } from './create-user'
import { deleteUser } from './delete-user'
import { getMessage } from './get-message'
import { asked, onlooker, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let service: Actor

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  service = (await app.key(scopes)).actor
})
beforeEach(async () => {
  await app.db.delete(users)
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const remove = (id: number, actor = service) => deleteUser(app, asked(actor), id)
const invited = (email: string) =>
  createUser(app, asked(service), {
    first_name: 'Ann',
    last_name: 'Doe',
    email,
    role: 'user',
    welcome: true,
    password: 'first-password',
  })
const superAdmins = () => app.db.$count(users, sql`role = 'super_admin'`)

test('waiting mail of a deleted user is cancelled, its work and its secret are gone, and its story says why', async () => {
  const user = await invited('ann@example.com')
  const id = user.welcome_message_id ?? ''
  await remove(user.id)
  const message = await getMessage(app, onlooker, id)
  expect(message).toMatchObject({ status: 'cancelled', user: null })
  expect(message.timeline.at(-1)).toMatchObject({
    event: 'cancelled',
    sentence: 'Cancelled by API key "test"',
    detail: 'The account was deleted',
  })
  expect([...(await app.db.execute(sql`select from outbox where message_id = ${id}`))]).toEqual([])
  expect([...(await app.db.execute(sql`select from message_secrets where message_id = ${id}`))]).toEqual([])
})

test('mail of others stays, and so does a mail that a worker is just sending', async () => {
  const [leaves, stays] = [await invited('leaves@example.com'), await invited('stays@example.com')]
  await app.db.execute(sql`
    with held as (
      update outbox set hold = gen_random_uuid(), held_at = now(), held_until = now() + interval '1 min'
      where message_id = ${leaves.welcome_message_id} returning message_id
    ) update messages set status = 'sending' from held where id = held.message_id`)
  await remove(leaves.id)
  const work = await app.db.execute(
    sql`select from outbox where message_id = ${leaves.welcome_message_id} and hold is not null`,
  )
  expect([...work]).toHaveLength(1)
  expect(await getMessage(app, onlooker, leaves.welcome_message_id ?? '')).toMatchObject({ status: 'sending' })
  expect(await getMessage(app, onlooker, stays.welcome_message_id ?? '')).toMatchObject({ status: 'queued' })
})

test('the secret of a mail that is dead goes with the account', async () => {
  const [user, other] = [await invited('ann@example.com'), await invited('bob@example.com')]
  await app.db.execute(sql`
    with gone as (delete from outbox where message_id = ${user.welcome_message_id})
    update messages set status = 'dead', closed_at = now() where id = ${user.welcome_message_id}`)
  await remove(user.id)
  const ids = [user.welcome_message_id, other.welcome_message_id]
  const kept = await app.db.execute(sql`select message_id as id from message_secrets where message_id in ${ids}`)
  expect([...kept]).toEqual([{ id: other.welcome_message_id }])
})

test('the last active super_admin stays', async () => {
  const last = await app.person('super_admin')
  await app.person('super_admin', { status: 'disabled' })
  await expect(remove(last.id)).rejects.toMatchObject({ code: 'conflict' })
  expect(await superAdmins()).toBe(2)
})

test.each([2, 5])('of %i super_admins who are all deleted at the same moment one stays', async (many) => {
  const people = await Promise.all(Array.from({ length: many }, () => app.person('super_admin')))
  const results = await Promise.allSettled(people.map(({ id }) => remove(id)))
  expect(
    results.filter((result) => result.status === 'rejected').map((result) => result.reason as unknown),
  ).toMatchObject([{ code: 'conflict' }])
  expect(await superAdmins()).toBe(1)
})

test('two super_admins who delete each other at the same moment: one stays', async () => {
  const [a, b] = [await app.person('super_admin'), await app.person('super_admin')]
  const results = await Promise.allSettled([remove(a.id, b.actor), remove(b.id, a.actor)])
  expect(results.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(await superAdmins()).toBe(1)
})

test('nobody deletes themselves', async () => {
  const [me] = [await app.person('super_admin'), await app.person('super_admin')]
  await expect(remove(me.id, me.actor)).rejects.toMatchObject({ code: 'forbidden' })
  expect(await superAdmins()).toBe(2)
})

test('who is not there cannot be deleted', async () => {
  await expect(remove(999_999)).rejects.toMatchObject({ code: 'not_found' })
})

const mayDelete: Record<Role, Role[]> = {
  super_admin: ['user', 'supporter', 'admin', 'super_admin'],
  admin: ['user', 'supporter'],
  supporter: [],
  user: [],
}
const pairs = roles.flatMap((role) => roles.map((target) => ({ role, target, may: mayDelete[role].includes(target) })))

async function tryToDelete(pair: { role: Role; target: Role }) {
  await app.person('super_admin') // so that the rule of the last one does not matter here
  const [{ actor }, target] = [await app.person(pair.role), await app.person(pair.target)]
  const refusal: unknown = await remove(target.id, actor).catch((error: unknown) => error)
  return { refusal, isThere: (await app.db.$count(users, sql`id = ${target.id}`)) === 1 }
}

test.each(pairs.filter(({ may }) => may))('$role deletes $target', async (pair) => {
  expect(await tryToDelete(pair)).toEqual({ refusal: null, isThere: false })
})

test.each(pairs.filter(({ may }) => !may))('$role does not delete $target', async (pair) => {
  expect(await tryToDelete(pair)).toMatchObject({ refusal: { code: 'forbidden' }, isThere: true })
})
