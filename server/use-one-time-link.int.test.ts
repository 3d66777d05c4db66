import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scopes, type Actor } from '@/core/permissions'
import { findUserByAddress } from '@/db/users'
import { isPassword } from '@/runtime/password'
import { newToken } from '@/runtime/seal'
import { createTestDatabase } from '@/stack/testing/services'
import { until } from '@/stack/until'
import { createUser } from './create-user'
import { getMessage } from './get-message'
import { resendInvitation } from './resend-invitation'
import { sendMessage } from './send-message'
import { asked, caller, onlooker, openTestContext, type TestContext } from './testing'
import { getOnboarding } from './get-onboarding'
import { openOneTimeLink, useOneTimeLink } from './use-one-time-link'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let service: Actor

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  service = (await app.key(scopes)).actor
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

let count = 0
async function invited(role: 'user' | 'supporter' = 'user') {
  const email = `link-${++count}@example.com`
  const name = { first_name: 'Ann', last_name: 'Doe' }
  const user = await createUser(app, asked(service), { ...name, email, role, welcome: true })
  return { ...user, messageId: user.welcome_message_id ?? '' }
}

/** What the worker does at each try. */
async function mint(userId: number, messageId: string, life = '72 h'): Promise<string> {
  const { token, hash } = newToken()
  await app.owner.execute(sql`
    insert into one_time_links (token_hash, user_id, message_id, expires_at)
    values (${hash}, ${userId}, ${messageId}, now() + ${life}::interval)`)
  return token
}

const choose = (token: string, password = 'chosen-password') => useOneTimeLink(app, caller, { token, password })
const waitingForLocks = async () => {
  const [row] = await app.owner.execute<{ n: number }>(sql`
    select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
  return row?.n ?? 0
}
const refusal = (sentence: RegExp) => ({
  code: 'invalid',
  fields: { token: expect.stringMatching(sentence) as string },
})

test('a link sets the password, ends all sessions and the duty to change it, and leads on by role', async () => {
  const [user, staff] = [await invited('user'), await invited('supporter')]
  expect(await choose(await mint(user.id, user.messageId))).toEqual({ next: 'http://localhost:3000' })
  expect(await choose(await mint(staff.id, staff.messageId))).toEqual({ next: '/support/login' })
  const stored = await findUserByAddress(app.db, user.email)
  expect(stored).toMatchObject({ mustChangePassword: false, sessionVersion: 2 })
  expect(stored?.passwordChangedAt).toBeInstanceOf(Date)
  expect(await isPassword('chosen-password', stored?.passwordHash ?? null)).toBe(true)
})

test('a link works once', async () => {
  const user = await invited()
  const token = await mint(user.id, user.messageId)
  await choose(token)
  await expect(choose(token, 'another-password')).rejects.toMatchObject(refusal(/used already/))
})

test('of several requests with one link at the same moment one sets the password', async () => {
  const user = await invited()
  const token = await mint(user.id, user.messageId)
  const passwords = ['password-a', 'password-b', 'password-c', 'password-d']
  // The account is locked until all of them have come to it, so that they truly meet.
  const { requests } = await app.db.transaction(async (tx) => {
    await tx.execute(sql`select from users where id = ${user.id} for update`)
    const requests = Promise.allSettled(passwords.map((password) => choose(token, password)))
    expect(await until(async () => (await waitingForLocks()) === passwords.length, 10_000)).toBe(true)
    return { requests }
  })
  const results = await requests
  const winners = passwords.filter((_, index) => results[index]?.status === 'fulfilled')
  expect(winners).toHaveLength(1)
  const stored = await findUserByAddress(app.db, user.email)
  expect(await isPassword(winners[0] ?? '', stored?.passwordHash ?? null)).toBe(true)
  expect(stored?.sessionVersion).toBe(2)
})

test('all links of one message work until one is used, and then none', async () => {
  const user = await invited()
  const [first, second] = [await mint(user.id, user.messageId), await mint(user.id, user.messageId)]
  await choose(first)
  await expect(choose(second)).rejects.toMatchObject(refusal(/has been chosen since/))
})

test('an expired link is refused', async () => {
  const user = await invited()
  const token = await mint(user.id, user.messageId, '-1 second')
  await expect(choose(token)).rejects.toMatchObject(refusal(/expired/))
  expect(await findUserByAddress(app.db, user.email)).toMatchObject({ passwordHash: null })
})

test('a newer invitation replaces the link of the earlier one, and cancels it while it waits', async () => {
  const user = await invited()
  const old = await mint(user.id, user.messageId)
  const newer = await resendInvitation(app, asked(service), user.id)
  await expect(choose(old)).rejects.toMatchObject(refusal(/newer mail/))
  const earlier = await getMessage(app, onlooker, user.messageId)
  expect(earlier).toMatchObject({ status: 'cancelled' })
  expect(earlier.timeline.at(-1)).toMatchObject({ detail: 'Replaced by a newer invitation' })
  await choose(await mint(user.id, newer.welcome_message_id))
})

test('mail of another kind does not end an invitation', async () => {
  const user = await invited()
  const token = await mint(user.id, user.messageId)
  await sendMessage(app, asked(service), { to: user.email, template: 'password-reset' })
  expect(await choose(token)).toMatchObject({ next: expect.any(String) as string })
})

test('a chosen password cancels the security mail that still waits', async () => {
  const user = await invited()
  const reset = await sendMessage(app, asked(service), { to: user.email, template: 'password-reset' })
  await choose(await mint(user.id, user.messageId))
  expect(await getMessage(app, onlooker, reset.id)).toMatchObject({ status: 'cancelled' })
})

test('who has a password of their own is not invited again', async () => {
  const user = await invited()
  await choose(await mint(user.id, user.messageId))
  await expect(resendInvitation(app, asked(service), user.id)).rejects.toMatchObject({ code: 'conflict' })
})

test('a supporter invites no administrator', async () => {
  const { actor } = await app.person('supporter')
  const admin = await app.person('admin', { passwordHash: null })
  await expect(resendInvitation(app, asked(actor), admin.id)).rejects.toMatchObject({ code: 'forbidden' })
})

test('a disabled account, a deleted one and a made-up token get no password', async () => {
  const [disabled, deleted] = [await invited(), await invited()]
  const tokens = [await mint(disabled.id, disabled.messageId), await mint(deleted.id, deleted.messageId)]
  await app.db.execute(sql`update users set status = 'disabled' where id = ${disabled.id}`)
  await app.db.execute(sql`delete from users where id = ${deleted.id}`)
  await expect(choose(tokens[0] ?? '')).rejects.toMatchObject(refusal(/disabled/))
  await expect(choose(tokens[1] ?? '')).rejects.toMatchObject(refusal(/not one of ours/))
  await expect(choose('made-up')).rejects.toMatchObject(refusal(/not one of ours/))
})

test('that a link was opened is known from the first time on, and a dead one is refused at once', async () => {
  const user = await invited()
  const token = await mint(user.id, user.messageId)
  const open = () => openOneTimeLink(app, caller, { token })
  expect(await getOnboarding(app, user.id)).toMatchObject({
    invitation: { id: user.messageId },
    link: { state: 'works', opened_at: null, used_at: null },
    password_set_at: null,
    first_sign_in_at: null,
  })
  await open()
  const { link } = await getOnboarding(app, user.id)
  expect(link?.opened_at).not.toBeNull()
  await open()
  expect((await getOnboarding(app, user.id)).link).toEqual(link)
  expect((await getMessage(app, onlooker, user.messageId)).link).toEqual(link)
  const rows = sql`select from audit_log where action = 'user.link_opened' and target = ${`user:${user.id}`}`
  expect([...(await app.owner.execute(rows))]).toHaveLength(1)

  await choose(token)
  expect(await getOnboarding(app, user.id)).toMatchObject({
    link: { state: 'used', used_at: expect.any(String) as string },
    password_set_at: expect.any(String) as string,
  })
  expect(await open()).toEqual({ why_not: 'This link has been used already.' })
  expect((await openOneTimeLink(app, caller, { token: 'made up' })).why_not).toContain('not one of ours')
})

test('an invitation that was just sent again is not sent once more, and people are told why; one that failed is', async () => {
  const user = await invited()
  const again = () => resendInvitation(app, asked(service), user.id)
  const { welcome_message_id: second } = await again()
  await expect(again()).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('less than a minute ago') as string,
  })
  expect((await getOnboarding(app, user.id)).can_invite_at).not.toBeNull()
  await app.owner.execute(sql`update messages set status = 'dead' where id = ${second}`)
  await again()
  await app.owner.execute(sql`update messages set created_at = created_at - interval '61 s' where user_id = ${user.id}`)
  expect((await getOnboarding(app, user.id)).can_invite_at).toBeNull()
  await again()
})
