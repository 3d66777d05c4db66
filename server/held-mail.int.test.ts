import { sql, type SQL } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DeliveryRule } from '@/core/delivery-mode'
import { scopes, type Actor } from '@/core/permissions'
import { listMessagesQuery, sendMessageRequest } from '@/core/requests'
import { createTestDatabase } from '@/stack/testing/services'
import { cancelMessage } from './cancel-message'
import { createUser } from './create-user'
import { getMessage } from './get-message'
import { listMessages } from './list-messages'
import { releaseMessage } from './release-message'
import { resendMessage } from './resend-message'
import { retryMessage } from './retry-message'
import { sendMessage } from './send-message'
import { asked, onlooker, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let guestKey: Actor
let testKey: Actor
let liveKey: Actor
let admin: Actor
let supporter: Actor

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  guestKey = (await app.key(scopes, { kind: 'guest_list', guestList: ['guest@example.com', '@friends.example'] })).actor
  testKey = (await app.key(scopes, { kind: 'test' })).actor
  liveKey = (await app.key(scopes)).actor
  admin = (await app.person('admin')).actor
  supporter = (await app.person('supporter')).actor
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const send = async (actor: Actor, more: object = {}, context = app) =>
  (
    await sendMessage(
      context,
      asked(actor),
      sendMessageRequest.parse({ to: 'stranger@example.com', subject: 'Hello', message: 'Your parcel.', ...more }),
    )
  ).id
const run = async (statement: SQL) => [...(await app.db.execute(statement))]
const row = async (id: string) =>
  (await run(sql`select status, delivery, due_at, expires_at from messages where id = ${id}`))[0]
const work = async (id: string) =>
  (
    await run(sql`select due_at = 'infinity' as never, ring_at = 'infinity' as silent, due_at <= now() as due, attempt, rings
      from outbox where message_id = ${id} and kind = 'send'`)
  )[0]
const events = async (id: string) =>
  (await run(sql`select event, detail from message_events where message_id = ${id} order by id`)).map(
    ({ event, detail }) => [event, detail] as const,
  )
const end = async (id: string, status: 'sent' | 'dead') => {
  await run(sql`delete from outbox where message_id = ${id}`)
  await run(sql`update messages set status = ${status}, closed_at = now(), sent_at = now(),
    dead_reason = case when ${status} = 'dead' then 'refused' end where id = ${id}`)
}
const installed = (rule: DeliveryRule): TestContext => ({
  ...app,
  config: { ...app.config, DELIVERY_MODE: rule.mode, DELIVERY_GUEST_LIST: [...rule.guestList] },
})

describe('a key of the kind guest_list', () => {
  test('mail to its guests goes out; mail to anybody else is accepted and held: due never, and rung never', async () => {
    const [guest, friend, stranger] = [
      await send(guestKey, { to: 'Guest@Example.com' }),
      await send(guestKey, { to: 'anybody@friends.example' }),
      await send(guestKey),
    ]
    expect([await row(guest), await row(friend), await row(stranger)]).toMatchObject([
      { status: 'queued', delivery: 'send' },
      { status: 'queued', delivery: 'send' },
      { status: 'queued', delivery: 'held' },
    ])
    expect(await work(guest)).toMatchObject({ never: false, due: true })
    expect(await work(stranger)).toMatchObject({ never: true, silent: true, due: false })
  })

  test.each([{ priority: 'low' }, { priority: 'high' }, { send_at: new Date(Date.now() + 3_600_000).toISOString() }])(
    'also %j',
    async (more) => {
      expect(await work(await send(guestKey, more))).toMatchObject({ never: true, silent: true })
    },
  )

  test('people read that it is held, what to do, and that it is in nobody’s way', async () => {
    const id = await send(guestKey)
    const message = await getMessage(app, onlooker, id)
    expect(message).toMatchObject({
      status: 'queued',
      delivery: 'held',
      delayed_since: null,
      summary:
        'Not yet. It is held, because this address is not on the guest list: staff can release it, or cancel it.',
    })
    expect(message.timeline[0]?.detail).toContain('held until staff release it')
    const { messages } = await listMessages(app, listMessagesQuery.parse({ delivery: 'held' }))
    expect(messages.map((one) => one.id)).toContain(id)
    expect(new Set(messages.map(({ delivery }) => delivery))).toEqual(new Set(['held']))
  })

  test('the welcome mail of an account that it creates is held too', async () => {
    const request = {
      first_name: 'Ada',
      last_name: 'Held',
      email: 'ada.held@example.com',
      role: 'user',
      welcome: true,
    } as const
    const { welcome_message_id: id } = await createUser(app, asked(guestKey), request)
    expect(await row(String(id))).toMatchObject({ delivery: 'held' })
  })
})

describe('releasing', () => {
  test('it is due at once, with its whole life before it, and its story and the audit say by whom', async () => {
    const id = await send(guestKey)
    await run(sql`update messages set expires_at = now() - interval '1 day' where id = ${id}`)
    await releaseMessage(app, asked(admin), id)
    expect(await work(id)).toMatchObject({ never: false, due: true, attempt: 1 })
    const after = await row(id)
    expect(after).toMatchObject({ status: 'queued', delivery: 'send' })
    const [life] = await run(sql`select expires_at - now() > interval '71 h' as whole from messages where id = ${id}`)
    expect(life).toEqual({ whole: true })
    expect((await events(id)).slice(0, 2).map(([event]) => event)).toEqual(['accepted', 'let_go'])
    expect((await events(id))[1]).toEqual(['let_go', { by: admin.name }])
    expect(
      await run(
        sql`select actor, before, after from audit_log where target = ${`message:${id}`} and action = 'message.released'`,
      ),
    ).toEqual([{ actor: `user:${admin.id}`, before: { delivery: 'held' }, after: { delivery: 'send' } }])
    expect((await getMessage(app, onlooker, id)).summary).not.toContain('held')
  })

  test('one that was asked for later still waits for its time', async () => {
    const sendAt = new Date(Date.now() + 3_600_000).toISOString()
    const id = await send(guestKey, { send_at: sendAt })
    await releaseMessage(app, asked(admin), id)
    expect(await work(id)).toMatchObject({ never: false, silent: false, due: false })
    expect(await getMessage(app, onlooker, id)).toMatchObject({ due_at: sendAt, delivery: 'send' })
  })

  test('of two who release it at once, the second is told that it is not held any more', async () => {
    const id = await send(guestKey)
    const results = await Promise.allSettled([
      releaseMessage(app, asked(admin), id),
      releaseMessage(app, asked(admin), id),
    ])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect((await events(id)).filter(([event]) => event === 'let_go')).toHaveLength(1)
  })

  test('what is not held is not released, and what was cancelled meanwhile neither', async () => {
    await expect(releaseMessage(app, asked(admin), await send(liveKey))).rejects.toThrow('It is not held')
    const id = await send(guestKey)
    await cancelMessage(app, asked(supporter), id)
    expect(await row(id)).toMatchObject({ status: 'cancelled' })
    await expect(releaseMessage(app, asked(admin), id)).rejects.toThrow('It was cancelled')
  })

  test('not to an address that is suppressed, nor by one who may not open the account that it is about', async () => {
    const id = await send(guestKey, { to: 'gone@example.com' })
    await run(
      sql`insert into suppressions (address_key, address, reason, created_by_name) values ('gone@example.com', 'gone@example.com', 'manual', 'test')`,
    )
    await expect(releaseMessage(app, asked(admin), id)).rejects.toThrow('suppression list')
    const boss = {
      first_name: 'Bo',
      last_name: 'Boss',
      email: 'bo.boss@example.com',
      role: 'super_admin',
      welcome: true,
    } as const
    const { welcome_message_id: welcome } = await createUser(app, asked(guestKey), boss)
    await expect(releaseMessage(app, asked(admin), String(welcome))).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('a held mail is not tried again, but released', async () => {
    await expect(retryMessage(app, asked(admin), await send(guestKey))).rejects.toThrow(
      'It is held: release it instead.',
    )
  })
})

describe('a key of the kind test', () => {
  test('its mail is stored to be pretended, due like any other', async () => {
    const id = await send(testKey)
    expect([await row(id), await work(id)]).toMatchObject([{ delivery: 'pretend' }, { due: true }])
    expect((await getMessage(app, onlooker, id)).summary).toContain('only pretended')
  })

  test('sent again by staff who may release it goes out; by anybody else it stays pretended', async () => {
    const id = await send(testKey)
    await end(id, 'sent')
    const again = async (actor: Actor) => (await row((await resendMessage(app, asked(actor), id)).id))?.['delivery']
    expect([await again(liveKey), await again(testKey), await again(supporter), await again(admin)]).toEqual([
      'pretend',
      'pretend',
      'pretend',
      'send',
    ])
  })

  test('a dead one that is tried again stays pretended', async () => {
    const id = await send(testKey)
    await end(id, 'dead')
    await retryMessage(app, asked(admin), id)
    expect(await row(id)).toMatchObject({ status: 'queued', delivery: 'pretend' })
  })

  test('it does not have one tried again that would really be sent', async () => {
    const id = await send(liveKey)
    await end(id, 'dead')
    await expect(retryMessage(app, asked(testKey), id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/^It would really be sent/) as string,
    })
    expect(await row(id)).toMatchObject({ status: 'dead' })
  })

  test('one that was only pretended is never called accepted', async () => {
    const id = await send(testKey)
    await end(id, 'sent')
    const { summary } = await getMessage(app, onlooker, id)
    expect(summary).toMatch(/^Not sent: it was only pretended, at .* No mail server has seen it\.$/)
    await expect(cancelMessage(app, asked(admin), id)).rejects.toThrow(
      'It was only pretended, so it cannot be cancelled any more.',
    )
  })

  test('a newer mail that was only pretended ends no link of the one that was sent', async () => {
    const { id: userId, welcome_message_id: real } = await createUser(app, asked(liveKey), {
      first_name: 'Lin',
      last_name: 'Linked',
      email: 'lin@example.com',
      role: 'user',
      welcome: true,
    })
    await app.owner.execute(sql`insert into one_time_links (token_hash, user_id, message_id, expires_at)
      values (${Buffer.from('hash of lin')}, ${userId}, ${real}, now() + interval '1 h')`)
    await send(testKey, { to: 'lin@example.com', template: 'welcome', subject: undefined, message: undefined })
    const { findLink } = await import('@/db/one-time-links')
    expect(await findLink(app.db, Buffer.from('hash of lin'))).toMatchObject({ userId, state: 'works' })
    await send(liveKey, { to: 'lin@example.com', template: 'welcome', subject: undefined, message: undefined })
    expect(await findLink(app.db, Buffer.from('hash of lin'))).toMatchObject({ userId, state: 'replaced' })
  })
})

const delivered = async (actor: Actor, context: TestContext, to: string) =>
  (await row(await send(actor, { to }, context)))?.['delivery']

describe('the mode of the whole installation', () => {
  test('the stricter of key and installation wins', async () => {
    const guests = installed({ mode: 'guest_list', guestList: ['guest@example.com'] })
    const trial = installed({ mode: 'test', guestList: [] })
    expect(await delivered(liveKey, guests, 'stranger@example.com')).toBe('held')
    expect(await delivered(supporter, guests, 'stranger@example.com')).toBe('held')
    expect(await delivered(liveKey, guests, 'guest@example.com')).toBe('send')
    expect(await delivered(testKey, guests, 'guest@example.com')).toBe('pretend')
    expect(await delivered(guestKey, guests, 'anybody@friends.example')).toBe('held')
    expect(await delivered(guestKey, trial, 'stranger@example.com')).toBe('pretend')
    expect(await delivered(admin, trial, 'guest@example.com')).toBe('pretend')
  })

  test('a dead mail of before is not tried again past the list; as a new message it is held', async () => {
    const guests = installed({ mode: 'guest_list', guestList: [] })
    const id = await send(liveKey)
    await end(id, 'dead')
    await expect(retryMessage(guests, asked(admin), id)).rejects.toThrow('not on the guest list')
    const again = await resendMessage(guests, asked(admin), id)
    expect(await row(again.id)).toMatchObject({ delivery: 'held' })
  })

  test('a held mail that a supporter cancels and sends again is held again', async () => {
    const id = await send(guestKey)
    await cancelMessage(app, asked(supporter), id)
    expect(await row((await resendMessage(app, asked(supporter), id)).id)).toMatchObject({ delivery: 'held' })
    expect(await row((await resendMessage(app, asked(admin), id)).id)).toMatchObject({ delivery: 'send' })
  })
})
