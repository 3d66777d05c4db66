import { sql, type SQL } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { hidden } from '@/core/message'
import { scopes, type Actor } from '@/core/permissions'
import { sendMessageRequest } from '@/core/requests'
import { open } from '@/runtime/seal'
import { createTestDatabase } from '@/stack/testing/services'
import { addSuppression } from './add-suppression'
import { cancelMessage } from './cancel-message'
import { createUser } from './create-user'
import { getMessage } from './get-message'
import { removeSuppression } from './remove-suppression'
import { releaseMessage } from './release-message'
import { resendMessage } from './resend-message'
import { retryMessage } from './retry-message'
import { sendMessage } from './send-message'
import { asked, onlooker, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let service: Actor

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  service = (await app.key(scopes, { name: 'shop' })).actor
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const plain = { to: 'a@example.com', subject: 'Hello', message: 'Your parcel has left.' }
const send = async (more: object = {}, actor = service) =>
  (await sendMessage(app, asked(actor), sendMessageRequest.parse({ ...plain, ...more }))).id
const resetFor = (to: string) =>
  sendMessage(app, asked(service), sendMessageRequest.parse({ to, template: 'password-reset' }))
const run = async (statement: SQL) => [...(await app.db.execute(statement))]
const row = async (id: string) => (await run(sql`select * from messages where id = ${id}`))[0]
const work = (id: string) =>
  run(sql`select kind, attempt, hold, rings, due_at <= now() as due from outbox where message_id = ${id}`)
const sealedOf = async (id: string) => {
  const [secret] = await run(sql`select sealed from message_secrets where message_id = ${id}`)
  return secret
    ? (JSON.parse(open(Buffer.from(secret['sealed'] as Uint8Array), id, app.config.SECRETS_KEYS)) as unknown)
    : null
}
const events = async (id: string) =>
  (await run(sql`select event, detail from message_events where message_id = ${id} order by id`)).map(
    ({ event, detail }) => [event, detail] as const,
  )
const audit = async (action: string, id: string) =>
  (await run(sql`select actor, detail from audit_log where action = ${action} and target = ${`message:${id}`}`))[0]

const hold = async (id: string) => {
  await run(
    sql`update outbox set hold = gen_random_uuid(), held_at = now(), held_until = now() + interval '60 s' where message_id = ${id}`,
  )
  await run(sql`update messages set status = 'sending' where id = ${id}`)
}
const end = async (id: string, status: 'sent' | 'dead' | 'suppressed', more: SQL = sql``) => {
  await run(sql`delete from outbox where message_id = ${id}`)
  if (status !== 'dead') await run(sql`delete from message_secrets where message_id = ${id}`)
  if (status === 'dead') {
    await run(
      sql`insert into outbox (kind, message_id, priority, ring_at) values ('dead_letter', ${id}, 1, now() + interval '1 h')`,
    )
  }
  await run(sql`
    update messages set status = ${status}, closed_at = now(), sent_at = case when ${status} = 'sent' then now() end,
      dead_reason = case when ${status} = 'dead' then 'refused' end, retry_count = 3, crashes = 2, outages = 1,
      expires_at = now() - interval '1 s', may_have_been_delivered = true ${more}
    where id = ${id}`)
}
const fail = (id: string) =>
  run(sql`
    with o as (update outbox set attempt = 2, due_at = now() + interval '5 min', ring_at = now() + interval '5 min', rings = 0 where message_id = ${id})
    update messages set status = 'retrying', retry_count = 1, due_at = now() + interval '5 min' where id = ${id}`)

test('a message that waits is cancelled: its work and its secret go, its story says by whom', async () => {
  const id = await send({ sensitive: true, send_at: new Date(Date.now() + 3_600_000).toISOString() })
  await cancelMessage(app, asked(service), id)
  expect(await row(id)).toMatchObject({ status: 'cancelled', closed_at: expect.anything() as unknown })
  expect([await work(id), await sealedOf(id)]).toEqual([[], null])
  expect((await events(id)).at(-1)).toEqual(['cancelled', { by: 'API key "shop"' }])
  expect(await audit('message.cancelled', id)).toMatchObject({ actor: `key:${service.id}` })
})

test('a message between two tries is cancelled too', async () => {
  const id = await send()
  await fail(id)
  await cancelMessage(app, asked(service), id)
  expect(await row(id)).toMatchObject({ status: 'cancelled' })
})

test('what is being sent or has come to its end is not cancelled, and nothing changes', async () => {
  const held = await send()
  await hold(held)
  const [sent, dead, suppressed, cancelled] = [await send(), await send(), await send(), await send()]
  await end(sent, 'sent')
  await end(dead, 'dead')
  await end(suppressed, 'suppressed')
  await cancelMessage(app, asked(service), cancelled)
  for (const [id, words] of [
    [held, 'being sent at this moment'],
    [sent, 'It was accepted already'],
    [dead, 'given up already'],
    [suppressed, 'suppression list'],
    [cancelled, 'cancelled already'],
  ] as const) {
    const before = [await row(id), await work(id), await events(id)]
    await expect(cancelMessage(app, asked(service), id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(words) as string,
    })
    expect([await row(id), await work(id), await events(id)]).toEqual(before)
  }
  const unknown = '00000000-0000-7000-8000-000000000000'
  for (const act of [cancelMessage, resendMessage, retryMessage])
    await expect(act(app, asked(service), unknown)).rejects.toMatchObject({ code: 'not_found' })
})

test('whoever looks at a message reads what they may do with it now, and why not, as the act itself would say', async () => {
  const acts = { retry: retryMessage, resend: resendMessage, cancel: cancelMessage, release: releaseMessage }
  const supporter = (await app.person('supporter')).actor
  const [waits, between, isSent, isDead, isHeld] = [
    await send(),
    await send(),
    await send(),
    await send(),
    await send(),
  ]
  await fail(between)
  await end(isSent, 'sent')
  await end(isDead, 'dead')
  await hold(isHeld)
  const expected: [string, string[]][] = [
    [waits, ['cancel']],
    [between, ['retry', 'cancel']],
    [isSent, ['resend']],
    [isDead, ['retry', 'resend']],
    [isHeld, []],
  ]
  for (const [id, may] of expected) {
    const { actions } = await getMessage(app, onlooker, id)
    expect(Object.entries(actions).flatMap(([action, why]) => (why === null ? [action] : []))).toEqual(may)
    for (const action of ['retry', 'resend', 'cancel', 'release'] as const) {
      if (may.includes(action)) continue
      await expect(acts[action](app, asked(onlooker), id)).rejects.toMatchObject({ message: actions[action] })
    }
  }
  expect((await getMessage(app, supporter, isDead)).actions).toMatchObject({
    retry: 'Your role, Support Agent, does not include this.',
    resend: null,
  })
})

test('of a cancel and a hold at the same moment one wins', async () => {
  const id = await send()
  const cancelling = await app.db.transaction(async (tx) => {
    await tx.execute(sql`update outbox set hold = gen_random_uuid() where message_id = ${id}`)
    const cancelling = cancelMessage(app, asked(service), id).catch((error: unknown) => error)
    await vi.waitFor(async () => {
      const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      expect([...(await app.owner.execute(waiting))]).toHaveLength(1)
    })
    await tx.execute(sql`update messages set status = 'sending' where id = ${id}`)
    return { cancelling }
  })
  expect(await cancelling.cancelling).toMatchObject({ code: 'conflict' })
  expect(await work(id)).toHaveLength(1)
})

test('a message is sent again as a new one, and the two lead to each other', async () => {
  const old = await send({
    reply_to: 'care@example.com',
    from: 'orders@usualstore.com',
    priority: 'high',
    on_ambiguous: 'hold',
  })
  await end(old, 'sent')
  const staff = await app.person('supporter')
  const { id } = await resendMessage(app, asked(staff.actor), old)
  expect(await row(id)).toMatchObject({
    status: 'queued',
    to_address: plain.to,
    from_address: 'orders@usualstore.com',
    reply_to: 'care@example.com',
    subject: plain.subject,
    data: { body: plain.message },
    priority: 0,
    on_ambiguous: 'hold',
    resend_of: old,
    may_have_been_delivered: false,
    created_by_name: staff.actor.name,
  })
  expect((await events(old)).at(-1)).toEqual(['resent', { by: staff.actor.name, otherId: id }])
  expect((await events(id))[0]).toEqual(['accepted', { by: staff.actor.name, otherId: old }])
  expect(await audit('message.resent', old)).toEqual({ actor: `user:${staff.id}`, detail: { new_message_id: id } })
  expect(await row(old)).toMatchObject({ status: 'sent' })
  expect(await getMessage(app, onlooker, id)).toMatchObject({ resend_of: old, send_at: null, route: null })
})

test('what is still on its way is not sent again', async () => {
  const [queued, held, retrying] = [await send(), await send(), await send()]
  await hold(held)
  await fail(retrying)
  for (const id of [queued, held, retrying])
    await expect(resendMessage(app, asked(service), id)).rejects.toMatchObject({ code: 'conflict' })
})

test('a confidential text that is still there is sealed anew; one that was erased is not sent again', async () => {
  const old = await send({ message: 'canary text', sensitive: true })
  await end(old, 'dead')
  const { id } = await resendMessage(app, asked(service), old)
  expect(await row(id)).toMatchObject({ sensitive: true, data: { body: hidden } })
  expect(await sealedOf(id)).toEqual({ body: 'canary text' })
  await run(sql`delete from message_secrets where message_id = ${old}`)
  for (const act of [resendMessage, retryMessage]) {
    await expect(act(app, asked(service), old)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('has been erased') as string,
    })
  }
})

const invite = async (email: string, password?: string) => {
  const request = { first_name: 'Ann', last_name: 'Doe', email, role: 'user', welcome: true, password } as const
  const created = await createUser(app, asked(service), request)
  return { user: created.id, id: created.welcome_message_id ?? '' }
}

test('a confidential text whose key is gone is not sent again, and says why', async () => {
  const old = await send({ message: 'canary text', sensitive: true })
  await end(old, 'dead')
  const otherKeys = { ...app.config, SECRETS_KEYS: [{ id: 'k1', secret: Buffer.alloc(32) }] }
  await expect(resendMessage({ ...app, config: otherKeys }, asked(service), old)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('SECRETS_KEYS') as string,
  })
})

test('account mail goes to the address that the account has now; a first password only while it is kept', async () => {
  const invited = await invite('old@example.com', 'canary-4711-password')
  await end(invited.id, 'dead')
  await run(sql`update users set email = 'new@example.com', first_name = 'Anna' where id = ${invited.user}`)
  await expect(retryMessage(app, asked(service), invited.id)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('address of this account has changed') as string,
  })
  const { id } = await resendMessage(app, asked(service), invited.id)
  expect(await row(id)).toMatchObject({
    to_address: 'new@example.com',
    user_id: invited.user,
    type: 'welcome',
    data: { first_name: 'Anna', email: 'new@example.com', first_sign_in: 'password' },
  })
  expect(await sealedOf(id)).toEqual({ password: 'canary-4711-password' })
  await end(id, 'sent')
  await expect(resendMessage(app, asked(service), id)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('new invitation') as string,
  })
})

test('account mail is refused as if it were asked for now', async () => {
  const ofAdmin = await app.person('admin')
  const { id: reset } = await resetFor(ofAdmin.email)
  await end(reset, 'dead')
  const supporter = await app.person('supporter')
  for (const act of [resendMessage, retryMessage])
    await expect(act(app, asked(supporter.actor), reset)).rejects.toMatchObject({ code: 'forbidden' })
  await run(sql`update users set status = 'disabled' where id = ${ofAdmin.id}`)
  for (const act of [resendMessage, retryMessage])
    await expect(act(app, asked(service), reset)).rejects.toMatchObject({ code: 'conflict' })
  await run(sql`delete from users where id = ${ofAdmin.id}`)
  for (const act of [resendMessage, retryMessage])
    await expect(act(app, asked(service), reset)).rejects.toMatchObject({ code: 'conflict' })

  const settled = await invite('settled@example.com')
  await end(settled.id, 'dead')
  await run(sql`update users set password_hash = 'x' where id = ${settled.user}`)
  await expect(resendMessage(app, asked(service), settled.id)).rejects.toMatchObject({ code: 'conflict' })
})

test('a dead message is put back with all its tries, and keeps its flag; its notice goes', async () => {
  const id = await send({ sensitive: true })
  await end(id, 'dead')
  await retryMessage(app, asked(service), id)
  expect(await row(id)).toMatchObject({
    status: 'queued',
    retry_count: 0,
    crashes: 0,
    outages: 0,
    closed_at: null,
    dead_reason: null,
    may_have_been_delivered: true,
  })
  expect(
    await run(
      sql`select due_at <= now() as due, expires_at > now() + interval '71 hours' as lives from messages where id = ${id}`,
    ),
  ).toEqual([{ due: true, lives: true }])
  expect(await work(id)).toMatchObject([{ kind: 'send', attempt: 1, hold: null, due: true }])
  // Kafka is away here: the record was offered to it at once all the same.
  expect(await events(id)).toMatchObject([
    ['accepted', {}],
    ['kafka_unreachable', {}],
    ['retried', { by: 'API key "shop"' }],
    ['kafka_unreachable', {}],
  ])
  expect(await audit('message.retried', id)).toMatchObject({ detail: { was: 'dead', dead_reason: 'refused' } })
})

test('two who put a message back at once make one work of it', async () => {
  const id = await send()
  await end(id, 'dead')
  const results = await Promise.allSettled([1, 2, 3].map(() => retryMessage(app, asked(service), id)))
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected'])
  expect(results.find((result) => result.status === 'rejected')?.reason).toMatchObject({ code: 'conflict' })
  expect(await work(id)).toHaveLength(1)
})

test('a message between two tries is due at once, and its tries still count', async () => {
  const id = await send()
  await fail(id)
  const publish = vi.spyOn(app.publisher, 'publish')
  await retryMessage(app, asked(service), id)
  expect(publish.mock.calls[0]?.[1]).toMatchObject([{ key: id, headers: { attempt: '2' } }])
  publish.mockRestore()
  expect(await row(id)).toMatchObject({ status: 'retrying', retry_count: 1 })
  expect(await work(id)).toMatchObject([{ kind: 'send', attempt: 2, due: true }])
  expect((await getMessage(app, onlooker, id)).timeline.at(2)).toMatchObject({
    event: 'retried',
    detail: 'The tries before still count',
  })
})

test('what would not be sent, because its address is suppressed, is refused at once and keeps its secret', async () => {
  const id = await send({ to: 'Bounced@example.com', sensitive: true })
  await end(id, 'dead')
  await run(sql`
    insert into suppressions (address_key, address, reason, created_by_name)
    values ('bounced@example.com', 'bounced@example.com', 'hard_bounce', 'the mail server')`)
  for (const act of [resendMessage, retryMessage]) {
    await expect(act(app, asked(service), id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('Remove it from the list first') as string,
    })
  }
  expect(await row(id)).toMatchObject({ status: 'dead' })
  expect(await sealedOf(id)).toEqual({ body: plain.message })
  await run(sql`delete from suppressions`)
  await retryMessage(app, asked(service), id)
  expect(await row(id)).toMatchObject({ status: 'queued' })
})

test('low priority is put back for the relay, whose bell rings at once', async () => {
  const id = await send({ priority: 'low' })
  await end(id, 'dead')
  const publish = vi.spyOn(app.publisher, 'publish')
  await retryMessage(app, asked(service), id)
  expect(publish).not.toHaveBeenCalled()
  publish.mockRestore()
  expect(await work(id)).toMatchObject([{ rings: 0, due: true }])
})

test('what was accepted, waits, is being sent, cancelled or suppressed is not tried again', async () => {
  const [sent, queued, held, cancelled, suppressed] = [
    await send(),
    await send(),
    await send(),
    await send(),
    await send(),
  ]
  await end(sent, 'sent')
  await hold(held)
  await cancelMessage(app, asked(service), cancelled)
  await end(suppressed, 'suppressed')
  for (const [id, words] of [
    [sent, 'send it again as a new message instead'],
    [queued, 'waiting for its first try'],
    [held, 'being sent at this moment'],
    [cancelled, 'It was cancelled'],
    [suppressed, 'Remove it from the list'],
  ] as const) {
    const before = await work(id)
    await expect(retryMessage(app, asked(service), id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(words) as string,
    })
    expect(await work(id)).toEqual(before)
  }
})

/** Found by an attack: a Support Agent silenced the notices and resets of every super_admin. */
test('nobody silences an account that they may not act on; who has no account is as before', async () => {
  const [supporter, admin, boss] = [
    await app.person('supporter'),
    await app.person('admin'),
    await app.person('super_admin'),
  ]
  const add = (actor: Actor, address: string) => addSuppression(app, asked(actor), { address })
  const refusal = { code: 'forbidden', message: /^You may not do this to an account with the role / }
  for (const [actor, address] of [
    [supporter.actor, admin.email],
    [supporter.actor, boss.email.toUpperCase()],
    [admin.actor, boss.email],
    [(await app.key(scopes, { role: 'admin' })).actor, boss.email],
  ] as const) {
    await expect(add(actor, address)).rejects.toMatchObject({
      ...refusal,
      message: expect.stringMatching(refusal.message) as string,
    })
  }
  expect(await run(sql`select 1 from suppressions where address in (${admin.email}, ${boss.email})`)).toEqual([])
  await add(supporter.actor, 'nobody-of-ours@example.com')
  await add(boss.actor, boss.email)
  await expect(removeSuppression(app, asked(admin.actor), { address: boss.email })).rejects.toMatchObject({
    code: 'forbidden',
  })
  await removeSuppression(app, asked(boss.actor), { address: boss.email })
})

test('mail about access is cancelled only by whoever may give that access', async () => {
  const [supporter, admin] = [await app.person('supporter'), await app.person('admin')]
  const reset = (await resetFor(admin.email)).id
  await expect(cancelMessage(app, asked(supporter.actor), reset)).rejects.toMatchObject({ code: 'forbidden' })
  expect(await row(reset)).toMatchObject({ status: 'queued' })
  await cancelMessage(app, asked(service), reset)
  const customer = await app.person('user')
  await cancelMessage(app, asked(supporter.actor), (await resetFor(customer.email)).id)
  await cancelMessage(app, asked(supporter.actor), await send({ to: admin.email }))
})
