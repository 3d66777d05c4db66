import { randomBytes } from 'node:crypto'
import type { Actor, Scope, StaffActor } from '@/core/permissions'
import type { Role } from '@/core/roles'
import { openDatabase } from '@/db/client'
import { asRole } from '@/db/roles'
import { apiKeys, users } from '@/db/schema'
import { hashPassword } from '@/runtime/password'
import { hashToken, newToken } from '@/runtime/seal'
import { mailOf } from './authenticate-key'
import { beginSession } from './begin-session'
import { context, type Context } from './context'
import { sessionCookie } from './session'

/** What tests of the web process share. Only tests import this file. */
export type TestContext = Awaited<ReturnType<typeof openTestContext>>

/** How a use case is told who asks. */
export const caller = { requestId: 'test-request', address: '192.0.2.1' }
export const asked = <A extends Actor>(actor: A) => ({ ...caller, actor })

/** A password that every person made here has; hashed once. */
/** Who only looks. */
export const onlooker: StaffActor = {
  kind: 'staff',
  id: 0,
  name: 'Olu Example',
  email: 'olu@example.com',
  role: 'super_admin',
}
export const knownPassword = 'known-password'
let knownHash: Promise<string> | null = null

/** Nobody listens there: Kafka is away. */
const noKafka = '127.0.0.1:1'

/** Opens the one context of this process on a database of the test's own. */
export async function openTestContext(settings: { DATABASE_URL: string } & Record<string, string>) {
  Object.assign(process.env, {
    APP_ENV: 'local',
    LOG_LEVEL: 'silent',
    NEXTAUTH_URL: 'http://localhost:3005',
    NEXTAUTH_SECRET: randomBytes(32).toString('hex'),
    STORE_URL: 'http://localhost:3000',
    SECRETS_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    SIGNING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    SMTP_HOST: 'smtp.example.com',
    SMTP_USER: 'noreply@usualstore.com',
    KAFKA_BROKERS: noKafka,
    PUBLISH_DEADLINE_MS: '400',
    ...settings,
    // With the rights of the web process: what it may not do fails here as it does elsewhere.
    DATABASE_URL: asRole(settings.DATABASE_URL, 'app'),
  })
  const open: Context = context()
  const owner = openDatabase({ url: settings.DATABASE_URL, max: 3, part: 'test', answerWithinMs: 30_000 })
  const { db } = owner
  let count = 0

  /** A person with the known password, and the cookie of their session. */
  async function person(role: Role, given: Partial<typeof users.$inferInsert> = {}) {
    knownHash ??= hashPassword(knownPassword)
    count++
    const [row] = await db
      .insert(users)
      .values({
        firstName: 'Test',
        lastName: `Person ${count}`,
        email: `${role}-${count}@example.com`,
        role,
        passwordHash: await knownHash,
        createdByName: 'test',
        ...given,
      })
      .returning()
    if (!row) throw new Error('The person was not written')
    const actor: StaffActor = { kind: 'staff', id: row.id, name: `Test Person ${count}`, email: row.email, role }
    return { ...row, actor, ...(await session(row)) }
  }

  /** Another session of a person: its id and its cookie. */
  async function session(user: { id: number; sessionVersion: number }) {
    const from = { address: caller.address, userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' }
    const key = await db.transaction((tx) => beginSession(tx, user, from))
    return { sessionId: key.sessionId, cookie: (await sessionCookie(open, key)).split(';')[0] ?? '' }
  }

  async function key(scopes: readonly Scope[], given: Partial<typeof apiKeys.$inferInsert> = {}) {
    const name = given.name ?? 'test'
    const secret = `usk_${newToken().token}`
    const [row] = await db
      .insert(apiKeys)
      .values({ name, prefix: secret.slice(0, 8), hash: hashToken(secret), scopes: [...scopes], ...given })
      .returning()
    if (!row) throw new Error('The key was not written')
    const actor: Actor = { kind: 'key', id: row.id, name, scopes, role: row.role, mail: mailOf(row) }
    return { id: row.id, authorization: `Bearer ${secret}`, actor }
  }

  return {
    ...open,
    /** May do everything: to bring about what the web process cannot, and to look at what it left. */
    owner: db,
    person,
    session,
    key,
    async close() {
      await Promise.all([open.close(), owner.close()])
    },
  }
}
