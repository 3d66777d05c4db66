import { desc, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { scopes, type Actor } from '@/core/permissions'
import type { EditUserRequest } from '@/core/requests'
import { roles, type Role } from '@/core/roles'
import { auditLog, messages, oneTimeLinks, sessions, users } from '@/db/schema'
import { findUserByAddress } from '@/db/users'
import { newToken } from '@/runtime/seal'
import { createTestDatabase } from '@/stack/testing/services'
import { until } from '@/stack/until'
import { createUser } from './create-user'
import { editUser } from './edit-user'
import { forgotPassword } from './forgot-password'
import { getMessage } from './get-message'
import { asked, caller, knownPassword, onlooker, openTestContext, type TestContext } from './testing'
import { useOneTimeLink } from './use-one-time-link'

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
  await app.owner.delete(messages)
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const edit = (id: number, request: EditUserRequest, actor = service) => editUser(app, asked(actor), id, request)
const stored = async (id: number) => (await app.db.select().from(users).where(eq(users.id, id)))[0]
const auditRows = (id: number) =>
  app.db
    .select()
    .from(auditLog)
    .where(sql`${auditLog.target} = ${`user:${id}`} and ${auditLog.action} = 'user.edited'`)
    .orderBy(desc(auditLog.id))
/** Whom it was told to that their account has another address now, and by whom it was done. */
const toldOldAddress = async () => {
  const told = await app.db.select().from(messages).where(eq(messages.template, 'address-changed'))
  return told.map(({ toAddress, data }) => ({ to: toAddress, by: data['by'] }))
}
const superAdmins = () => app.db.$count(users, sql`role = 'super_admin' and status = 'active'`)

let count = 0
async function invited(password?: string) {
  const name = { first_name: 'Ann', last_name: 'Doe', email: `ann-${++count}@example.com` }
  const user = await createUser(app, asked(service), { ...name, role: 'user', welcome: true, password })
  return { ...user, messageId: user.welcome_message_id ?? '' }
}

/** What the worker does at each try. */
async function mint(userId: number, messageId: string): Promise<string> {
  const { token, hash } = newToken()
  const expiresAt = sql`now() + interval '1 hour'`
  await app.owner.insert(oneTimeLinks).values({ tokenHash: hash, userId, messageId, expiresAt })
  return token
}
const choose = (token: string) => useOneTimeLink(app, caller, { token, password: 'chosen-password' })

const sessionsOf = (userId: number) => app.db.$count(sessions, eq(sessions.userId, userId))

describe('what is changed', () => {
  test('is written, answered, and audited before and after, field by field', async () => {
    const user = await invited()
    const edited = await edit(user.id, { first_name: 'Bea', last_name: 'Doe', role: 'supporter' })
    expect(edited).toMatchObject({
      user: { id: user.id, first_name: 'Bea', last_name: 'Doe', role: 'supporter', email: user.email },
      // The invitation to the lower role.
      cancelled_messages: 1,
      ended_links: 0,
    })
    expect(edited.sentence).toContain('Please send the invitation again.')
    expect(await stored(user.id)).toMatchObject({ firstName: 'Bea', lastName: 'Doe', role: 'supporter' })
    expect(await auditRows(user.id)).toMatchObject([
      {
        actorName: 'API key "test"',
        before: { first_name: 'Ann', role: 'user' },
        after: { first_name: 'Bea', role: 'supporter' },
        address: '192.0.2.1',
        requestId: 'test-request',
      },
    ])
    const [row] = await auditRows(user.id)
    expect(Object.keys(row?.after ?? {}).toSorted()).toEqual(['first_name', 'role'])
  })

  test('is nothing when all is as asked already: no row, no ended session', async () => {
    const person = await app.person('supporter')
    const { first_name, last_name } = { first_name: person.firstName, last_name: person.lastName }
    const request = { first_name, last_name, email: person.email, role: 'supporter', status: 'active' } as const
    expect((await edit(person.id, request)).sentence).toBe('Everything was as asked already.')
    expect(await auditRows(person.id)).toEqual([])
    expect(await stored(person.id)).toMatchObject({ sessionVersion: 1 })
  })

  test('never leads to two accounts with one address, not even at the same moment', async () => {
    const [a, b] = [await app.person('user'), await app.person('user')]
    await app.person('user', { email: 'taken@example.com' })
    const taken = { code: 'conflict', fields: { email: 'There is already an account with this address.' } }
    await expect(edit(a.id, { email: 'TAKEN@example.com', first_name: 'Lost' })).rejects.toMatchObject(taken)
    expect(await stored(a.id)).toMatchObject({ email: a.email, firstName: 'Test' })

    const results = await Promise.allSettled([
      edit(a.id, { email: 'both-want@example.com' }),
      edit(b.id, { email: 'Both-Want@example.com' }),
    ])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: taken })
  })

  test('is refused for somebody who is not there', async () => {
    await expect(edit(999_999, { first_name: 'X' })).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('another address', () => {
  test('is corrected and the invitation sent there in one step, with one audit entry; what failed is done with', async () => {
    const user = await invited()
    await app.owner.execute(sql`delete from outbox where message_id = ${user.messageId}`)
    await app.owner.execute(
      sql`update messages set status = 'dead', dead_reason = 'refused' where id = ${user.messageId}`,
    )
    const edited = await edit(user.id, { email: 'right@example.com', send_again: true })
    const id = edited.welcome_message_id ?? ''
    expect(await getMessage(app, onlooker, id)).toMatchObject({
      to: 'right@example.com',
      type: 'welcome',
      status: 'queued',
    })
    expect(edited.sentence).toContain('a new invitation to right@example.com is queued')
    const rows = await app.owner.execute(
      sql`select detail from audit_log where target = ${`user:${user.id}`} and action <> 'user.created'`,
    )
    expect([...rows]).toMatchObject([{ detail: { welcome_message_id: id } }])
    const old = await getMessage(app, onlooker, user.messageId)
    expect(old.timeline.at(-1)).toMatchObject({ event: 'resent' })
    // The same again is no correction, and nothing is sent.
    await expect(edit(user.id, { email: 'right@example.com', send_again: true })).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  test('an address on the suppression list, or an account that has a password, is refused whole', async () => {
    const [user, settled] = [await invited(), await app.person('user')]
    await app.owner.execute(
      sql`insert into suppressions (address_key, address, reason, created_by_name) values ('listed@example.com', 'listed@example.com', 'manual', 'test')`,
    )
    for (const [id, email] of [
      [user.id, 'listed@example.com'],
      [settled.id, 'settled-elsewhere@example.com'],
    ] as const)
      await expect(edit(id, { email, send_again: true })).rejects.toMatchObject({ code: 'conflict' })
    const [row] = await app.db.execute(sql`select email from users where id = ${user.id}`)
    expect(row).toEqual({ email: user.email })
  })

  test('cancels all mail that waits, with a sentence, and erases its secret', async () => {
    const user = await invited('first-password')
    const edited = await edit(user.id, { email: 'moved@example.com' })
    expect(edited).toMatchObject({ cancelled_messages: 1, user: { email: 'moved@example.com' } })
    expect(edited.sentence).toContain('One mail that still waited was cancelled.')
    const message = await getMessage(app, onlooker, user.messageId)
    expect(message).toMatchObject({ status: 'cancelled' })
    expect(message.timeline.at(-1)).toMatchObject({
      sentence: 'Cancelled by API key "test"',
      detail: 'The address of the account was changed',
    })
    expect([...(await app.db.execute(sql`select from message_secrets where message_id = ${user.messageId}`))]).toEqual(
      [],
    )
    expect(await auditRows(user.id)).toMatchObject([{ detail: { cancelled_messages: [user.messageId] } }])
  })

  test('ends links for good, also when the old address comes back', async () => {
    const user = await invited()
    const token = await mint(user.id, user.messageId)
    expect(await edit(user.id, { email: 'elsewhere@example.com' })).toMatchObject({ ended_links: 1 })
    await expect(choose(token)).rejects.toMatchObject({
      fields: { token: expect.stringMatching(/has changed/) as string },
    })
    await edit(user.id, { email: user.email })
    await expect(choose(token)).rejects.toMatchObject({ code: 'invalid' })
  })

  test('ends the link of a mail that was just being sent', async () => {
    const user = await invited()
    await app.db.execute(sql`update outbox set hold = gen_random_uuid() where message_id = ${user.messageId}`)
    expect(await edit(user.id, { email: 'late@example.com' })).toMatchObject({ cancelled_messages: 0 })
    await expect(choose(await mint(user.id, user.messageId))).rejects.toMatchObject({ code: 'invalid' })
  })

  test('ends a first password that was mailed to the old one', async () => {
    const user = await invited('first-password')
    await app.session({ id: user.id, sessionVersion: 1 })
    const { sentence } = await edit(user.id, { email: 'not-theirs@example.com' })
    expect(sentence).toContain('Their first password no longer works')
    expect(await stored(user.id)).toMatchObject({ passwordHash: null, mustChangePassword: false, sessionVersion: 2 })
    expect(await sessionsOf(user.id)).toBe(0)
  })

  test('is told to the old one, by whom; not when nobody ever came in', async () => {
    const [person, fresh] = [await app.person('supporter'), await invited('first-password')]
    const admin = await app.person('admin')
    await edit(person.id, { email: 'new-one@example.com' }, admin.actor)
    await edit(fresh.id, { email: 'mended@example.com' }, admin.actor)
    expect(await toldOldAddress()).toEqual([{ to: person.email, by: admin.actor.name }])
  })

  test('of oneself takes the present password: a session alone moves no account', async () => {
    const me = await app.person('super_admin')
    const email = 'mine-now@example.com'
    for (const current_password of [undefined, 'wrong']) {
      await expect(edit(me.id, { email, current_password }, me.actor)).rejects.toMatchObject({
        code: 'invalid',
        fields: { current_password: expect.stringMatching(/present password/) as string },
      })
    }
    expect(await stored(me.id)).toMatchObject({ email: me.email })
    expect(await toldOldAddress()).toEqual([])
    await edit(me.id, { email, current_password: knownPassword }, me.actor)
    expect(await stored(me.id)).toMatchObject({ email })
    expect(await toldOldAddress()).toEqual([{ to: me.email, by: null }])
    // Other capitals are the same mailbox.
    await edit(me.id, { email: email.toUpperCase() }, { ...me.actor, email })
  })

  test('leaves a password of their own and their sessions alone', async () => {
    const person = await app.person('supporter')
    await edit(person.id, { email: 'new-one@example.com' })
    expect(await stored(person.id)).toMatchObject({ passwordHash: person.passwordHash, sessionVersion: 1 })
    expect(await sessionsOf(person.id)).toBe(1)
  })

  test('is the same one in other capitals: nothing is cancelled', async () => {
    const user = await invited()
    expect(await edit(user.id, { email: user.email.toUpperCase() })).toMatchObject({
      cancelled_messages: 0,
      user: { email: user.email.toUpperCase() },
    })
    expect(await getMessage(app, onlooker, user.messageId)).toMatchObject({ status: 'queued' })
  })
})

describe('disabling', () => {
  test('ends sessions, waiting security mail and links; enabling brings nothing back', async () => {
    const person = await app.person('supporter')
    await forgotPassword(app, caller, { email: person.email })
    const [mail] = await app.db.select().from(messages).where(eq(messages.userId, person.id))
    const token = await mint(person.id, mail?.id ?? '')

    expect(await edit(person.id, { status: 'disabled' })).toMatchObject({ cancelled_messages: 1, ended_links: 1 })
    expect(await stored(person.id)).toMatchObject({ status: 'disabled', sessionVersion: 2 })
    expect(await sessionsOf(person.id)).toBe(0)
    expect((await getMessage(app, onlooker, mail?.id ?? '')).timeline.at(-1)).toMatchObject({
      detail: 'The account was disabled',
    })

    expect(await edit(person.id, { status: 'active' })).toMatchObject({ user: { status: 'active' }, ended_links: 0 })
    await expect(choose(token)).rejects.toMatchObject({ code: 'invalid' })
    expect(await getMessage(app, onlooker, mail?.id ?? '')).toMatchObject({ status: 'cancelled' })
    expect(await sessionsOf(person.id)).toBe(0)
    expect((await auditRows(person.id)).map(({ after }) => after)).toEqual([
      { status: 'active' },
      { status: 'disabled' },
    ])
  })

  test('leaves other mail to them alone', async () => {
    const person = await app.person('user')
    await app.db.execute(sql`
      with m as (
        insert into messages (type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, user_id, created_by_name)
        values ('notification', 'plain', ${person.email}, 'a@example.com', 'Your order', '{}', false, 1, 3, ${person.id}, 'test') returning id)
      insert into outbox (kind, message_id, priority, ring_at) select 'send', id, 1, now() from m`)
    expect(await edit(person.id, { status: 'disabled' })).toMatchObject({ cancelled_messages: 0 })
  })
})

/** Found by an attack: a Support Agent who had chosen the first password was an Administrator with it. */
test('a higher role ends the first password, the links and the invitation that were made for a lower one', async () => {
  const [chosen, linked] = [await invited('first-password'), await invited()]
  const token = await mint(linked.id, linked.messageId)
  expect((await edit(chosen.id, { role: 'supporter' })).sentence).toContain('Their first password no longer works')
  expect(await stored(chosen.id)).toMatchObject({ passwordHash: null, mustChangePassword: false })
  expect(await edit(linked.id, { role: 'admin' })).toMatchObject({ cancelled_messages: 1, ended_links: 1 })
  await expect(choose(token)).rejects.toMatchObject({ code: 'invalid' })
  expect(await getMessage(app, onlooker, linked.messageId)).toMatchObject({ status: 'cancelled' })
})

test('a lower role leaves them: nobody gains by it', async () => {
  const linked = await invited()
  await edit(linked.id, { role: 'supporter' })
  const token = await mint(linked.id, linked.messageId)
  await edit(linked.id, { role: 'user' })
  expect(await choose(token)).toMatchObject({ next: expect.any(String) as string })
})

test('another role ends every session, upwards and downwards', async () => {
  const person = await app.person('supporter')
  await edit(person.id, { role: 'admin' })
  expect(await stored(person.id)).toMatchObject({ role: 'admin', sessionVersion: 2 })
  expect(await sessionsOf(person.id)).toBe(0)
  await edit(person.id, { role: 'user' })
  expect(await stored(person.id)).toMatchObject({ role: 'user', sessionVersion: 3 })
})

describe('the last active super_admin', () => {
  test.each([{ role: 'admin' }, { status: 'disabled' }] as const)('stays: %o', async (request) => {
    const last = await app.person('super_admin')
    await app.person('super_admin', { status: 'disabled' })
    await expect(edit(last.id, request)).rejects.toMatchObject({ code: 'conflict' })
    expect(await superAdmins()).toBe(1)
  })

  test('may have another name and address', async () => {
    const last = await app.person('super_admin')
    await edit(last.id, { first_name: 'Still', email: 'still-here@example.com' })
    expect(await findUserByAddress(app.db, 'still-here@example.com')).toMatchObject({ role: 'super_admin' })
  })

  test('one stays of five who are demoted and disabled at the same moment', async () => {
    const people = await Promise.all(Array.from({ length: 5 }, () => app.person('super_admin')))
    const results = await Promise.allSettled(
      people.map(({ id }, n) => edit(id, n % 2 ? { role: 'user' } : { status: 'disabled' })),
    )
    expect(results.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { code: 'conflict' } }])
    expect(await superAdmins()).toBe(1)
  })

  test('one stays of two who demote each other, both requests waiting at one lock', async () => {
    const [a, b] = [await app.person('super_admin'), await app.person('super_admin')]
    // Nobody goes on until both have come to the lock, so that they truly meet.
    const { requests } = await app.db.transaction(async (tx) => {
      await tx.execute(sql`select from users order by id for update`)
      const requests = Promise.allSettled([
        edit(b.id, { role: 'admin' }, a.actor),
        edit(a.id, { status: 'disabled' }, b.actor),
      ])
      expect(await until(async () => (await waitingForLocks()) === 2, 10_000)).toBe(true)
      return { requests }
    })
    expect((await requests).map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await superAdmins()).toBe(1)
  })
})

const waitingForLocks = async () => {
  const [row] = await app.owner.execute<{ n: number }>(sql`
    select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
  return row?.n ?? 0
}

describe('who may', () => {
  const mayTouch: Record<Role, Role[]> = {
    super_admin: ['user', 'supporter', 'admin', 'super_admin'],
    admin: ['user', 'supporter'],
    supporter: [],
    user: [],
  }
  const requests = [{ first_name: 'New' }, { role: 'user' }, { status: 'disabled' }] as const
  const pairs = roles.flatMap((role) => roles.map((target) => ({ role, target, may: mayTouch[role].includes(target) })))

  async function tryAll({ role, target }: { role: Role; target: Role }) {
    await app.person('super_admin') // so that the rule of the last one does not matter here
    const { actor } = await app.person(role)
    const results = []
    for (const request of requests) {
      const person = await app.person(target)
      const refusal = await edit(person.id, request, actor).then(
        () => null,
        (error: unknown) => error,
      )
      const { firstName, role, status } = (await stored(person.id)) ?? {}
      results.push({ refusal, now: { firstName, role, status } })
    }
    return results
  }

  test.each(pairs.filter(({ may }) => may))('$role edits $target', async (pair) => {
    const asBefore = { firstName: 'Test', role: pair.target, status: 'active' }
    expect(await tryAll(pair)).toEqual([
      { refusal: null, now: { ...asBefore, firstName: 'New' } },
      { refusal: null, now: { ...asBefore, role: 'user' } },
      { refusal: null, now: { ...asBefore, status: 'disabled' } },
    ])
  })

  test.each(pairs.filter(({ may }) => !may))('$role does not edit $target', async (pair) => {
    const now = { firstName: 'Test', role: pair.target, status: 'active' }
    const refused = { refusal: expect.objectContaining({ code: 'forbidden' }) as unknown, now }
    expect(await tryAll(pair)).toEqual([refused, refused, refused])
  })

  test.each(['admin', 'super_admin'] as const)('an admin gives nobody the role %s', async (role) => {
    const [{ actor }, person] = [await app.person('admin'), await app.person('supporter')]
    await expect(edit(person.id, { role }, actor)).rejects.toMatchObject({
      code: 'forbidden',
      fields: { role: expect.stringContaining('You may not give') as string },
    })
    expect(await stored(person.id)).toMatchObject({ role: 'supporter' })
  })

  test('nobody changes their own role or disables themselves; their own name a super_admin may', async () => {
    const [me] = [await app.person('super_admin'), await app.person('super_admin')]
    for (const request of [{ role: 'user' }, { status: 'disabled' }] as const) {
      await expect(edit(me.id, request, me.actor)).rejects.toMatchObject({
        code: 'forbidden',
        message: 'You cannot do this to your own account.',
      })
    }
    await edit(me.id, { first_name: 'Myself', role: 'super_admin', status: 'active' }, me.actor)
    expect(await stored(me.id)).toMatchObject({ firstName: 'Myself', role: 'super_admin', sessionVersion: 1 })
  })

  test('a key reaches no further than whoever made it', async () => {
    const { actor } = await app.key(scopes, { role: 'admin' })
    const [supporter, admin] = [await app.person('supporter'), await app.person('admin')]
    await edit(supporter.id, { role: 'user' }, actor)
    await expect(edit(supporter.id, { role: 'admin' }, actor)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(edit(admin.id, { first_name: 'X' }, actor)).rejects.toMatchObject({ code: 'forbidden' })
  })
})
