import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scopes, type Actor } from '@/core/permissions'
import { listMessagesQuery, listUsersQuery, sendMessageRequest } from '@/core/requests'
import { createTestDatabase } from '@/stack/testing/services'
import { createUser } from './create-user'
import { getMessage } from './get-message'
import { getUser } from './get-user'
import { listMessages } from './list-messages'
import { listUsers } from './list-users'
import { sendMessage } from './send-message'
import { asked, onlooker, openTestContext, type TestContext } from './testing'

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

const found = async (query: object) => {
  const page = await listUsers(app, listUsersQuery.parse({ sort_by: 'id', sort_order: 'asc', ...query }))
  return page.users.map((user) => user.first_name)
}

const subjects = async (query: object) =>
  (await listMessages(app, listMessagesQuery.parse(query))).messages.map((message) => message.subject)

const delays = async () =>
  (await listMessages(app, listMessagesQuery.parse({}))).messages
    .filter((message) => message.delayed_since)
    .map((message) => message.subject)

const page = (number: string) => listUsers(app, listUsersQuery.parse({ page: number, page_size: '3' }))

describe('people', () => {
  const names = [
    ['Ann', 'Zander'],
    ['bert', 'Young'],
    ['Cleo', 'Xu'],
    ['100%', 'Under_score'],
  ] as const
  let ids: number[]

  beforeAll(async () => {
    const people = []
    for (const [firstName, lastName] of names) {
      people.push(await app.person(firstName === 'Cleo' ? 'supporter' : 'user', { firstName, lastName }))
    }
    ids = people.map((person) => person.id)
  })

  test.each([
    ['ann', ['Ann']],
    ['n z', ['Ann']],
    ['xu', ['Cleo']],
    ['SUPPORTER', ['Cleo']],
    ['supporter-', ['Cleo']],
    ['%', ['100%']],
    ['r_s', ['100%']],
    ['nobody', []],
  ])('are found by %j', async (search, expected) => {
    expect(await found({ search })).toEqual(expected)
  })

  test('are found by their id', async () => {
    expect(await found({ search: String(ids[1]) })).toEqual(['bert'])
  })

  test.each([
    [{ sort_by: 'first_name', sort_order: 'asc' }, ['100%', 'Ann', 'bert', 'Cleo']],
    [{ sort_by: 'last_name', sort_order: 'asc' }, ['100%', 'Cleo', 'bert', 'Ann']],
    [{ sort_by: 'role', sort_order: 'asc' }, ['Cleo', 'Ann', 'bert', '100%']],
    [{ sort_by: 'created_at', sort_order: 'desc' }, ['100%', 'Cleo', 'bert', 'Ann']],
    [{ role: 'supporter' }, ['Cleo']],
  ])('are sorted and filtered by %j', async (query, expected) => {
    expect(await found(query)).toEqual(expected)
  })

  test('come in pages, and a page beyond the last is empty', async () => {
    expect(await page('2')).toMatchObject({ total_count: 4, page: 2, page_size: 3, total_pages: 2 })
    expect((await page('2')).users).toHaveLength(1)
    expect(await page('3')).toMatchObject({ users: [], total_count: 4 })
  })

  test('show their last mail, and never a password', async () => {
    const name = { first_name: 'Dora', last_name: 'West', email: 'dora@example.com' }
    const request = { ...name, role: 'user' as const, welcome: true, password: 'first-password' }
    const { id, welcome_message_id } = await createUser(app, asked(service), request)
    const user = await getUser(app, id)
    expect(user).toMatchObject({
      ...name,
      created_by: 'API key "test"',
      has_password: true,
      must_change_password: true,
      last_mail: { id: welcome_message_id, status: 'queued', may_have_been_delivered: false },
    })
    expect(JSON.stringify(user)).not.toMatch(/argon2|first-password/)
  })
})

describe('messages', () => {
  let ids: string[]

  beforeAll(async () => {
    await app.owner.execute(sql`truncate messages, outbox, message_events`)
    ids = []
    for (let number = 1; number <= 5; number++) {
      const message = { to: `m${number}@example.com`, subject: `Parcel ${number}`, message: 'On its way' }
      ids.push((await sendMessage(app, asked(service), sendMessageRequest.parse(message))).id)
    }
    await app.db.execute(
      sql`update messages set status = 'sent', sent_at = now(), closed_at = now() where id = ${ids[0]}`,
    )
    await app.db.execute(sql`update messages set status = 'retrying' where id = ${ids[1]}`)
  })

  test('come newest first, page by page without a gap or a repetition', async () => {
    const seen = []
    let cursor: string | null = null
    do {
      const page = await listMessages(app, listMessagesQuery.parse({ limit: '2', ...(cursor ? { cursor } : {}) }))
      seen.push(...page.messages.map((message) => message.id))
      cursor = page.next_cursor
    } while (cursor)
    expect(seen).toEqual(ids.toReversed())
  })

  test.each([
    [{ status: 'sent' }, ['Parcel 1']],
    [{ status: 'sent,retrying' }, ['Parcel 2', 'Parcel 1']],
    [{ to: 'M3@' }, ['Parcel 3']],
    [{ search: 'parcel 4' }, ['Parcel 4']],
    [{ search: 'm2@' }, ['Parcel 2']],
    [{ type: 'welcome' }, []],
    [{ template: 'plain', search: '5' }, ['Parcel 5']],
  ])('are filtered by %j', async (query, expected) => {
    expect(await subjects(query)).toEqual(expected)
  })

  test('tell that they wait for Kafka', async () => {
    const message = await getMessage(app, onlooker, ids[4] ?? '')
    expect(message.waiting_for_kafka_since).not.toBeNull()
    expect(message.summary).toMatch(/^Not yet\. It has been waiting for Kafka since \d\d:\d\d UTC on \d+ \w+/)
    expect(message.timeline.map((entry) => entry.event)).toEqual(['accepted', 'kafka_unreachable'])
  })

  test('tell of the try that is under way', async () => {
    await app.db.execute(sql`
      with held as (
        update outbox set hold = gen_random_uuid(), held_at = now(), held_until = now() + interval '1 min', kafka_failed_at = null,
          kafka_partition = 2, kafka_offset = 41
        where message_id = ${ids[3]} returning message_id
      ) update messages set status = 'sending' from held where id = held.message_id`)
    const message = await getMessage(app, onlooker, ids[3] ?? '')
    expect(message.summary).toBe('Not yet. It is being handed to smtp.example.com now.')
    expect(message.timeline.at(-1)).toMatchObject({
      event: 'sending',
      sentence: 'Try 1: being handed to smtp.example.com',
      detail: 'Kafka partition 2, offset 41',
    })
  })

  describe('while the first route is out of order', () => {
    beforeAll(() =>
      app.owner.execute(sql`
        insert into breakers (route, state, kind, cause, opened_at)
        values ('primary', 'open', 'outage', 'server_unreachable', now() - interval '1 hour')`),
    )
    afterAll(() => app.owner.execute(sql`truncate breakers`))

    test('tell that they are delayed, when they are due', async () => {
      expect(await delays()).toEqual(['Parcel 5', 'Parcel 3', 'Parcel 2'])
      await app.db.execute(sql`update messages set due_at = now() + interval '1 hour' where id = ${ids[2]}`)
      expect(await delays()).toEqual(['Parcel 5', 'Parcel 2'])
      const { summary, delayed_since, due_at } = await getMessage(app, onlooker, ids[4] ?? '')
      expect(summary).toMatch(/^Not yet\. Delayed since \d\d:\d\d UTC on \d+ \w+ by a fault of ours\.$/)
      // It was asked for when sending was paused already.
      expect(delayed_since).toBe(due_at)
    })

    test('are not delayed while the second route works, but for what may have been delivered already', async () => {
      await app.owner.execute(sql`insert into breakers (route, state) values ('fallback', 'closed')`)
      expect(await delays()).toEqual([])
      await app.db.execute(sql`update messages set may_have_been_delivered = true where id = ${ids[1]}`)
      expect(await delays()).toEqual(['Parcel 2'])
      await app.owner.execute(sql`update breakers set state = 'open' where route = 'fallback'`)
      expect(await delays()).toEqual(['Parcel 5', 'Parcel 2'])
    })
  })

  test('name the host of the second route when the last try went that way', async () => {
    await app.db.execute(sql`
      insert into message_events (message_id, event, detail)
      values (${ids[0]}, 'sent', ${JSON.stringify({ attempt: 1, route: 'fallback', host: 'smtp2.example.net' })}::jsonb)`)
    const message = await getMessage(app, onlooker, ids[0] ?? '')
    expect(message.route_host).toBe('smtp2.example.net')
    expect(message.summary).toMatch(/^Yes\. smtp2\.example\.net accepted it at/)
    expect(message.timeline.at(-1)).toMatchObject({
      sentence: 'smtp2.example.net accepted it',
      detail: 'Try 1, by the second route',
    })
  })

  test('tell since when their address has been on the suppression list, and that it was taken off', async () => {
    await app.db.execute(sql`
      update messages set status = 'suppressed', to_address = 'M5@Example.com', closed_at = now() where id = ${ids[4]}`)
    await app.db.execute(sql`
      insert into suppressions (address_key, address, reason, created_by_name, created_at)
      values ('m5@example.com', 'm5@example.com', 'manual', 'Maya', now() - interval '1 day')`)
    expect((await getMessage(app, onlooker, ids[4] ?? '')).summary).toMatch(
      /^Not sent: this address has been on the suppression list since \d+ \w+\.$/,
    )
    await app.owner.execute(sql`truncate suppressions`)
    expect((await getMessage(app, onlooker, ids[4] ?? '')).summary).toBe(
      'Not sent: this address was on the suppression list.',
    )
  })
})
