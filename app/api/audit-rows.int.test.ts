import { sql } from 'drizzle-orm'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createUserRequest, sendMessageRequest } from '@/core/requests'
import { auditLog, suppressions } from '@/db/schema'
import { insertSetupLink } from '@/db/setup-links'
import { newToken } from '@/runtime/seal'
import type { Caller } from '@/server/actor'
import { beginSecondFactor } from '@/server/add-second-factor'
import { createUser } from '@/server/create-user'
import { addNote } from '@/server/notes'
import { sendMessage } from '@/server/send-message'
import { signIn, signOut } from '@/server/sign-in'
import { asked, knownPassword, openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import { everyCall, origin } from './testing'

/**
 * Every route that changes something leaves one row in the audit, with where it came from and under which request, and in the
 * transaction of the thing itself. A route that is added tomorrow needs its line here.
 */

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let admin: Awaited<ReturnType<TestContext['person']>>

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url, TRUSTED_PROXIES: '1' })
  admin = await app.person('super_admin')
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

type Ask = {
  params?: Record<string, string | string[]>
  body?: unknown
  cookie?: string
  /** next-auth works only inside Next: there the use case is asked itself. */
  run?: (caller: Caller) => Promise<unknown>
  /** What the row is to say. */
  says: { action: string; target: string | RegExp; actor?: string; before?: object; after?: object }
}

let count = 0
const fresh = (name: string) => `${name}-${++count}@example.com`
const staff = () => asked(admin.actor)

async function message(): Promise<string> {
  const request = sendMessageRequest.parse({ to: fresh('to'), subject: 'Hello', message: 'Hello' })
  return (await sendMessage(app, staff(), request)).id
}
async function ended(status: 'sent' | 'dead'): Promise<string> {
  const id = await message()
  await app.owner.execute(sql`delete from outbox where message_id = ${id}`)
  await app.owner.execute(sql`update messages set status = ${status}, closed_at = now() where id = ${id}`)
  return id
}
const invite = () =>
  createUser(
    app,
    staff(),
    createUserRequest.parse({ first_name: 'Olena', last_name: 'Sample', email: fresh('olena'), role: 'user' }),
  )

/** As the worker mints it when it sends the invitation. */
async function inviteWithLink(): Promise<{ id: number; token: string }> {
  const { id, welcome_message_id: messageId } = await invite()
  const { token, hash } = newToken()
  await app.owner.execute(sql`
    insert into one_time_links (token_hash, user_id, message_id, expires_at)
    values (${hash}, ${id}, ${messageId}, now() + interval '1 hour')`)
  return { id, token }
}

/** What an authenticator app shows. */
const codeOf = (secret: string) => new TOTP({ secret: Secret.fromBase32(secret) }).generate()

const entering = (email: string, password: string) => (caller: Caller) =>
  signIn(app, caller, { email, password, code: '', userAgent: 'test' })

const user = /^user:\d+$/
const mail = /^message:[0-9a-f-]{36}$/

const asks: Record<string, Record<string, () => Promise<Ask>>> = {
  'POST users': {
    'an account is made': async () => ({
      body: { first_name: 'A', last_name: 'B', email: fresh('new') },
      says: { action: 'user.created', target: user, after: { first_name: 'A', last_name: 'B', role: 'user' } },
    }),
  },
  'PATCH users/[id]': {
    'an account is changed': async () => {
      const { id } = await app.person('supporter')
      return {
        params: { id: String(id) },
        body: { first_name: 'Anna' },
        says: { action: 'user.edited', target: `user:${id}` },
      }
    },
  },
  'DELETE users/[id]': {
    'an account is deleted': async () => {
      const { id } = await app.person('user')
      return {
        params: { id: String(id) },
        says: { action: 'user.deleted', target: `user:${id}`, before: { role: 'user', status: 'active' } },
      }
    },
  },
  'POST users/[id]/invitation': {
    'an invitation goes out again': async () => {
      const { id } = await invite()
      return { params: { id: String(id) }, says: { action: 'user.invited', target: `user:${id}` } }
    },
  },
  'POST users/[id]/sign-out': {
    'a person is signed out everywhere': async () => {
      const { id } = await app.person('supporter')
      return { params: { id: String(id) }, says: { action: 'user.signed_out', target: `user:${id}` } }
    },
  },
  'POST messaging/send': {
    'a mail is asked for': async () => ({
      body: { to: fresh('to'), subject: 'Hello', message: 'Hello' },
      says: { action: 'message.queued', target: mail },
    }),
  },
  'POST messages/[id]/cancel': {
    'a mail is cancelled': async () => {
      const id = await message()
      return {
        params: { id },
        says: { action: 'message.cancelled', target: `message:${id}`, after: { status: 'cancelled' } },
      }
    },
  },
  'POST messages/[id]/resend': {
    'a mail is sent again': async () => {
      const id = await ended('sent')
      return { params: { id }, says: { action: 'message.resent', target: `message:${id}` } }
    },
  },
  'POST messages/[id]/retry': {
    'a dead mail is put back': async () => {
      const id = await ended('dead')
      return {
        params: { id },
        says: {
          action: 'message.retried',
          target: `message:${id}`,
          before: { status: 'dead' },
          after: { status: 'queued' },
        },
      }
    },
  },
  'POST messages/[id]/release': {
    'a held mail is let go': async () => {
      const id = await message()
      await app.owner.execute(sql`update messages set delivery = 'held' where id = ${id}`)
      await app.owner.execute(sql`update outbox set due_at = 'infinity', ring_at = 'infinity' where message_id = ${id}`)
      return { params: { id }, says: { action: 'message.released', target: `message:${id}` } }
    },
  },
  'POST templates/[name]/test': {
    'a template is tested': () =>
      Promise.resolve({
        params: { name: 'plain' },
        body: { data: { body: 'Hello' } },
        says: { action: 'template.tested', target: mail },
      }),
  },
  'POST suppressions': {
    'an address is entered': async () => {
      const address = fresh('off')
      return {
        body: { address },
        says: { action: 'suppression.added', target: `address:${address}`, after: { address } },
      }
    },
  },
  'DELETE suppressions/[address]': {
    'an address is taken off': async () => {
      const address = fresh('off')
      await app.owner
        .insert(suppressions)
        .values({ addressKey: address, address, reason: 'manual', createdByName: 'test' })
      return {
        params: { address },
        says: { action: 'suppression.removed', target: `address:${address}`, before: { address } },
      }
    },
  },
  'POST keys': {
    'a key is made': async () => ({
      body: { name: 'shop', scopes: ['messages:send'] },
      says: { action: 'key.created', target: /^key:\d+$/ },
    }),
  },
  'POST keys/[id]/revoke': {
    'a key is revoked': async () => {
      const { id } = await app.key(['messages:send'])
      return { params: { id: String(id) }, says: { action: 'key.revoked', target: `key:${id}` } }
    },
  },
  'POST forgot-password': {
    'a password was forgotten': async () => {
      const { id, email } = await app.person('supporter')
      return {
        body: { email },
        cookie: '',
        says: { action: 'user.password_forgotten', target: `user:${id}`, actor: 'nobody' },
      }
    },
  },
  'POST reset-password': {
    'a link sets a password': async () => {
      const { id, token } = await inviteWithLink()
      return {
        body: { token, password: 'a long enough passphrase' },
        cookie: '',
        says: { action: 'user.password_set', target: `user:${id}`, actor: `user:${id}` },
      }
    },
  },
  'POST set-password/opened': {
    'a link is opened': async () => {
      const { id, token } = await inviteWithLink()
      return {
        body: { token },
        cookie: '',
        says: { action: 'user.link_opened', target: `user:${id}`, actor: `user:${id}` },
      }
    },
  },
  'POST users/[id]/notes': {
    'a note is written': async () => {
      const { id } = await app.person('user')
      return {
        params: { id: String(id) },
        body: { body: 'Calls on Mondays' },
        says: { action: 'note.added', target: `user:${id}` },
      }
    },
  },
  'DELETE users/[id]/notes/[note]': {
    'a note is removed': async () => {
      const { id } = await app.person('user')
      const note = await addNote(app, staff(), id, { body: 'Calls on Mondays' })
      return {
        params: { id: String(id), note: String(note.id) },
        says: { action: 'note.removed', target: `user:${id}` },
      }
    },
  },
  'POST set-password': {
    'a password is changed': async () => {
      const { id, cookie } = await app.person('supporter')
      return {
        cookie,
        body: { current_password: knownPassword, password: 'a long enough passphrase' },
        says: { action: 'user.password_set', target: `user:${id}`, actor: `user:${id}` },
      }
    },
  },
  'POST account/second-factor/confirm': {
    'a second factor is added': async () => {
      const person = await app.person('supporter')
      const { secret } = await beginSecondFactor(app, asked(person.actor), { password: knownPassword })
      return {
        cookie: person.cookie,
        body: { code: codeOf(secret) },
        says: { action: 'second_factor.added', target: `user:${person.id}`, actor: `user:${person.id}` },
      }
    },
  },
  'POST account/second-factor/remove': {
    'a second factor is removed': async () => {
      const person = await app.person('supporter')
      const { secret } = await beginSecondFactor(app, asked(person.actor), { password: knownPassword })
      await app.owner.execute(sql`update second_factors set confirmed_at = now() where user_id = ${person.id}`)
      return {
        cookie: person.cookie,
        body: { password: knownPassword, code: codeOf(secret) },
        says: { action: 'second_factor.removed', target: `user:${person.id}`, actor: `user:${person.id}` },
      }
    },
  },
  'DELETE users/[id]/second-factor': {
    'a lost second factor is removed': async () => {
      const { id, actor } = await app.person('supporter')
      await beginSecondFactor(app, asked(actor), { password: knownPassword })
      await app.owner.execute(sql`update second_factors set confirmed_at = now() where user_id = ${id}`)
      return { params: { id: String(id) }, says: { action: 'second_factor.removed', target: `user:${id}` } }
    },
  },
  'PUT settings/second-factor': {
    'a second factor becomes a must': async () => {
      await app.owner.execute(sql`delete from role_settings`)
      const body = { supporter: false, admin: true, super_admin: false }
      return { body, says: { action: 'settings.changed', target: 'settings:second_factor', after: { admin: true } } }
    },
  },
  'POST setup': {
    'the first super_admin is made': async () => {
      await app.owner.execute(sql`update users set role = 'admin' where role = 'super_admin'`)
      const { token, hash } = newToken()
      await app.owner.transaction((tx) => insertSetupLink(tx, hash))
      return {
        cookie: '',
        body: { token, first_name: 'A', last_name: 'B', email: fresh('first'), password: 'a long enough passphrase' },
        says: { action: 'super_admin.made', target: user, actor: 'nobody' },
      }
    },
  },
  'DELETE account/sessions': {
    'all sessions end': async () => {
      const { id, cookie } = await app.person('supporter')
      return { cookie, says: { action: 'session.ended', target: `user:${id}`, actor: `user:${id}` } }
    },
  },
  'DELETE account/sessions/[id]': {
    'another session ends': async () => {
      const person = await app.person('supporter')
      const { sessionId } = await app.session(person)
      return {
        cookie: person.cookie,
        params: { id: sessionId },
        says: { action: 'session.ended', target: `user:${person.id}`, actor: `user:${person.id}` },
      }
    },
  },
  'POST auth/[...nextauth]': {
    'somebody signs in': async () => {
      const { id, email } = await app.person('supporter')
      return {
        run: entering(email, knownPassword),
        says: { action: 'sign_in.accepted', target: `user:${id}`, actor: `user:${id}` },
      }
    },
    'a wrong password is refused': async () => {
      const { id, email } = await app.person('supporter')
      return {
        run: entering(email, 'not the password'),
        says: { action: 'sign_in.refused', target: `user:${id}`, actor: 'nobody' },
      }
    },
    'an unknown address is refused': () =>
      Promise.resolve({
        run: entering(fresh('nobody'), 'not the password'),
        says: { action: 'sign_in.refused', target: 'unknown account', actor: 'nobody' },
      }),
    'somebody signs out': async () => {
      const { id, sessionId, sessionVersion } = await app.person('supporter')
      return {
        run: (caller) => signOut(app, caller, { userId: id, sessionId, sessionVersion }),
        says: { action: 'sign_out', target: `user:${id}`, actor: `user:${id}` },
      }
    },
  },
}

/** Only prepares what another route then does. */
const onlyPrepares = ['POST account/second-factor']

beforeEach(() => app.owner.execute(sql`update users set role = 'super_admin' where id = ${admin.id}`))

const changing = everyCall.filter(
  ({ method, handler }) => method !== 'GET' && handler.action !== null && handler.action !== 'nothing.read',
)
const cases = changing.flatMap((call) =>
  Object.entries(asks[call.name] ?? {}).map(([what, prepare]) => ({ what, name: call.name, call, prepare })),
)

test('every route that changes something is tried here, and no other', () => {
  expect(changing.map(({ name }) => name).toSorted()).toEqual([...Object.keys(asks), ...onlyPrepares].toSorted())
})

const address = '198.51.100.7'

/** @returns the id under which it was asked, and whether it was answered */
async function send({ method, handler }: (typeof changing)[number], ask: Ask) {
  const { params = {}, body, cookie = admin.cookie, run } = ask
  const requestId = `request-${++count}`
  if (run) {
    const isDone = await run({ requestId, address }).then(
      () => true,
      () => false,
    )
    return { requestId, isDone }
  }
  const request = new Request(`${origin}/api/test`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    headers: {
      origin,
      'x-request-id': requestId,
      'x-forwarded-for': address,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(cookie !== '' && { cookie }),
    },
  })
  const { ok } = await handler(request, { params: Promise.resolve(params) })
  return { requestId, isDone: ok }
}

const rowsAfter = (id: number) =>
  app.owner
    .select()
    .from(auditLog)
    .where(sql`${auditLog.id} > ${id}`)
const lastRow = async () =>
  (await app.owner.execute<{ id: number }>(sql`select coalesce(max(id), 0)::int as id from audit_log`))[0]?.id ?? 0

/** Everything that the product holds of people, mail and keys; not its counters, nor what a publisher notes after a commit. */
async function everything(): Promise<unknown> {
  const tables = [
    'users',
    'messages',
    'message_secrets',
    'one_time_links',
    'suppressions',
    'api_keys',
    'sessions',
    'role_settings',
    'second_factors',
    'recovery_codes',
    'setup_links',
    'idempotency_keys',
  ]
  const held = tables.map(
    (name) =>
      sql`select ${name} as of, md5(string_agg(t::text, '' order by t::text)) as is from ${sql.identifier(name)} t`,
  )
  held.push(
    sql`select 'outbox', md5(string_agg(id || kind || message_id, '' order by id)) from outbox`,
    sql`select 'events', md5(string_agg(id || event, '' order by id)) from message_events where event <> 'kafka_unreachable'`,
  )
  return [...(await app.owner.execute(sql.join(held, sql` union all `)))]
}

describe.each(cases)('$name: $what', ({ call, prepare }) => {
  test('leaves one row that says who, what, whom, where from and under which request', async () => {
    const ask = await prepare()
    const before = await lastRow()
    const { requestId, isDone } = await send(call, ask)
    const rows = await rowsAfter(before)
    expect([isDone, rows.length]).toEqual([true, 1])
    const [row] = rows
    const { target, actor = `user:${admin.id}`, ...says } = ask.says
    expect(row).toMatchObject({ actor, ...says, address, requestId })
    const isMeant = typeof target === 'string' ? row?.target === target : target.test(row?.target ?? '')
    expect([row?.target, isMeant]).toEqual([row?.target, true])
    const secret = new RegExp(
      [knownPassword, 'a long enough passphrase', 'not the password', String.raw`usk_\w{20}`, 'argon2'].join('|'),
    )
    expect(JSON.stringify(row)).not.toMatch(secret)
  })

  test('leaves nothing at all when that row cannot be kept', async () => {
    const ask = await prepare()
    const [before, held] = [await lastRow(), await everything()]
    // Refused at the very end, when the transaction commits.
    await app.owner.execute(sql`
      create or replace function refuse_commit() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$`)
    await app.owner.execute(sql`
      create constraint trigger refuse_commit after insert on audit_log deferrable initially deferred
      for each row execute function refuse_commit()`)
    try {
      await send(call, ask)
    } finally {
      await app.owner.execute(sql`drop trigger refuse_commit on audit_log`)
    }
    expect(await rowsAfter(before)).toEqual([])
    expect(await everything()).toEqual(held)
  })
})
