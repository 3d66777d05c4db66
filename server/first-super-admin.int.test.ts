import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { desc, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { auditLog, messages, oneTimeLinks, setupLinks, users } from '@/db/schema'
import { createTestDatabase } from '@/stack/testing/services'
import type { Context } from './context'
import { offerSetup } from './offer-setup'
import { setUp } from './set-up'
import { signIn } from './sign-in'
import { caller, openTestContext, type TestContext } from './testing'
import { useOneTimeLink } from './use-one-time-link'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
})
beforeEach(async () => {
  await app.db.delete(users)
  await app.db.delete(setupLinks)
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const root = join(import.meta.dirname, '..')
const password = 'a good long passphrase'
const maya = { first_name: 'Maya', last_name: 'Example', email: 'maya@example.com', password }
const lastAudit = async () => (await app.db.select().from(auditLog).orderBy(desc(auditLog.id)).limit(1))[0]
const enter = async () => (await signIn(app, caller, { email: maya.email, password, code: '', userAgent: '' })).kind

/** Starts as in production, and returns what was written into the log. */
async function start(given: Partial<Context['config']> = { APP_ENV: 'production' }): Promise<string[]> {
  const links: string[] = []
  const log = { ...app.log, warn: (line: { link: string }) => links.push(line.link) } as unknown as Context['log']
  await offerSetup({ ...app, log, config: { ...app.config, ...given } })
  return links
}
const tokenOf = (links: string[]) => links[0]?.split('#')[1] ?? ''

test('the first start in production writes one link into the log, however many processes start, and never again', async () => {
  const started = (await Promise.all([start(), start(), start()])).flat()
  expect(started).toEqual([expect.stringMatching(/^http:\/\/localhost:3005\/setup#[\w-]{43}$/)])
  expect(await start()).toEqual([])
  const [row] = await app.db.execute(sql`select expires_at - created_at as life, token_hash from setup_links`)
  expect(row?.['life']).toBe('3 days')
  expect(JSON.stringify(row)).not.toContain(tokenOf(started))
})

test('a local stack, and an installation with a super_admin, gets none', async () => {
  expect(await start({ APP_ENV: 'local' })).toEqual([])
  await app.person('super_admin', { status: 'disabled' })
  expect(await start()).toEqual([])
})

test('the link makes the first super_admin, once, also for two at the same moment', async () => {
  const token = tokenOf(await start())
  const both = await Promise.allSettled([
    setUp(app, caller, { token, ...maya }),
    setUp(app, caller, { token, ...maya, email: 'noor@example.com' }),
  ])
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  const made = await app.db.select().from(users)
  expect(made).toMatchObject([{ role: 'super_admin', mustChangePassword: false }])
  expect(await lastAudit()).toMatchObject({
    action: 'super_admin.made',
    target: `user:${made[0]?.id}`,
    actor: 'nobody',
  })
  await expect(setUp(app, caller, { token, ...maya })).rejects.toMatchObject({
    code: 'invalid',
    fields: { token: /does not work/ },
  })
})

test('whoever set it up can sign in', async () => {
  await setUp(app, caller, { token: tokenOf(await start()), ...maya })
  expect(await enter()).toBe('accepted')
})

test('a made-up link, one that is too old, and any as soon as there is a super_admin, make nobody', async () => {
  const token = tokenOf(await start())
  const isRefused = (given: string) =>
    expect(setUp(app, caller, { token: given, ...maya })).rejects.toMatchObject({ code: 'invalid' })
  await isRefused('made-up')
  // A password that is guessed first does not use the link up.
  await expect(setUp(app, caller, { token, ...maya, password: 'maya-example' })).rejects.toMatchObject({
    fields: { password: expect.any(String) as string },
  })
  await app.db.execute(sql`update setup_links set expires_at = now()`)
  await isRefused(token)
  // Too old: the next start makes a new one.
  const next = tokenOf(await start())
  expect(next).not.toBe('')
  await app.person('super_admin', { status: 'disabled' })
  await isRefused(next)
  expect(await app.db.$count(users)).toBe(1)
})

/** A process of its own, as on a server: that takes its time on a busy machine. */
const create = (words: string[], environment: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', join(root, 'server/admin.ts'), ...words], {
    cwd: root,
    env: {
      NODE_ENV: 'production',
      PATH: process.env['PATH'],
      APP_ENV: 'production',
      DATABASE_URL: database.url,
      NEXTAUTH_URL: 'https://support.example.com',
      ...environment,
    },
  })
const tokenIn = ({ stdout }: { stdout: string }) => /#([\w-]{43})/.exec(stdout)?.[1] ?? ''
const refusal = async (words: string[], environment?: Record<string, string>) =>
  await create(words, environment).then(
    () => 'done',
    (error: { stderr: string; code: number }) => `${error.code} ${error.stderr}`,
  )
const named = ['--email', maya.email, '--first-name', 'Maya', '--last-name', 'Example']

test('the command makes a super_admin and prints a link that sets their password, once, for 72 h', async () => {
  const { stdout } = await create(['create', ...named])
  const token = /https:\/\/support\.example\.com\/set-password#([\w-]{43})\n/.exec(stdout)?.[1] ?? ''
  const [user] = await app.db.select().from(users)
  expect(user).toMatchObject({ email: maya.email, role: 'super_admin', passwordHash: null })
  expect(await lastAudit()).toMatchObject({ action: 'super_admin.made', actor: 'system', address: null })
  const [link] = await app.db.execute(
    sql`select expires_at - created_at as life from one_time_links where user_id = ${user?.id}`,
  )
  expect(link?.['life']).toBe('3 days')

  expect(await useOneTimeLink(app, caller, { token, password })).toEqual({ next: '/support/login' })
  expect(await enter()).toBe('accepted')
  await expect(useOneTimeLink(app, caller, { token, password })).rejects.toMatchObject({ code: 'invalid' })
}, 300_000)

test('whom the command makes is told to the super_admins that there are', async () => {
  const other = await app.person('super_admin')
  await create(['create', ...named])
  const notices = await app.db.select().from(messages).where(eq(messages.template, 'staff-added'))
  expect(notices).toMatchObject([
    {
      toAddress: other.email,
      status: 'queued',
      data: { email: maya.email, role: 'super_admin', how: 'created', by: 'Command line' },
    },
  ])
}, 300_000)

test('a link of the command that is too old, or older than a password, sets none', async () => {
  const token = tokenIn(await create(['create', ...named]))
  await app.db.update(users).set({ passwordChangedAt: sql`now()` })
  await expect(useOneTimeLink(app, caller, { token, password })).rejects.toThrow(/A password has been chosen/)
  await app.db.update(users).set({ passwordChangedAt: null })
  const [user] = await app.db.select().from(users)
  await app.db
    .update(oneTimeLinks)
    .set({ expiresAt: sql`now()` })
    .where(eq(oneTimeLinks.userId, user?.id ?? 0))
  await expect(useOneTimeLink(app, caller, { token, password })).rejects.toThrow(/expired/)
}, 300_000)

test('the command says what is wrong, and makes nobody', async () => {
  await app.person('user', { email: maya.email })
  expect(await refusal(['create', ...named])).toBe('1 There is already an account with this address.\n')
  expect(await refusal(['create', '--email', 'no address'])).toMatch(
    /^1 --email: .*\n--first-name: This field is needed\.\n/,
  )
  expect(await refusal(['remove'])).toMatch(/^1 There is one command, create/)
  expect(await refusal(['create', ...named], { DATABASE_URL: '' })).toMatch(/^1 DATABASE_URL is not set\./)
  expect(await app.db.$count(users)).toBe(1)
}, 300_000)
