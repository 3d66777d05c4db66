import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase } from '@/stack/testing/services'
import { ensureLogin } from './ensure-login'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let owner: postgres.Sql
const logins: string[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  owner = postgres(database.url, { max: 8, onnotice: () => undefined })
})
afterAll(async () => {
  for (const login of logins) await owner`drop role if exists ${owner(login)}`
  await owner.end()
  await database.drop()
})

function addressOf(password: string, login = `login-${randomUUID()}`): string {
  logins.push(login)
  const url = new URL(database.url)
  url.username = login
  url.password = encodeURIComponent(password)
  return url.href
}

async function as<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1 })
  try {
    return await work(sql)
  } finally {
    await sql.end()
  }
}

test('a login comes in with its password, and does what its role may', async () => {
  const url = addressOf(`pass'word"%s${randomUUID()}`)
  await ensureLogin(owner, 'worker', url)
  await as(url, async (sql) => {
    expect(await sql`select id from messages`).toEqual([])
    await expect(sql`select password_hash from users`).rejects.toMatchObject({ code: '42501' })
  })
})

test('a new password takes the place of the old one', async () => {
  const first = addressOf('the-first-password')
  await ensureLogin(owner, 'app', first)
  const second = addressOf('the-second-password', decodeURIComponent(new URL(first).username))
  await ensureLogin(owner, 'app', second)
  expect(await as(second, (sql) => sql`select id from users`)).toEqual([])
  await expect(as(first, (sql) => sql`select id from users`)).rejects.toMatchObject({ code: '28P01' })
})

test('several that make the same login at once all come to an end', async () => {
  const url = addressOf('one-password')
  await Promise.all(Array.from({ length: 8 }, () => ensureLogin(owner, 'app', url)))
  expect(await as(url, (sql) => sql`select id from users`)).toEqual([])
})

test('the login that migrates is nobody else, and a password is needed', async () => {
  await expect(ensureLogin(owner, 'app', database.url)).rejects.toThrow(
    /^APP_DATABASE_URL names the login that migrates/,
  )
  const bare = new URL(addressOf('x'))
  bare.password = ''
  await expect(ensureLogin(owner, 'worker', bare.href)).rejects.toThrow(/^WORKER_DATABASE_URL must hold a login/)
})
