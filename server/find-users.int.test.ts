import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listUsersQuery, userFilter } from '@/core/requests'
import { createTestDatabase } from '@/stack/testing/services'
import { countUsers } from './count-users'
import { listUsers } from './list-users'
import { openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let ids: Record<string, number>

const people = [
  { firstName: 'Ann', lastName: 'Zander', email: 'ann@example.com' },
  { firstName: 'bert', lastName: 'Young', email: 'bert@example.org', role: 'supporter' as const },
  { firstName: 'Cleo', lastName: 'Xu', email: 'cleo@example.net', status: 'disabled' as const },
  { firstName: '100%', lastName: 'Under_score', email: 'odd@example.com', passwordHash: null },
  { firstName: 'Ann', lastName: 'Abel', email: 'abel@example.com', passwordHash: null, lastSignInAt: new Date() },
  { firstName: 'Dora', lastName: 'West', email: 'dora@example.com', mustChangePassword: true },
]

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  ids = {}
  for (const [index, { role = 'user', ...person }] of people.entries()) {
    const createdAt = new Date(Date.UTC(2026, 10, 20 + index, 23, 30))
    const { id } = await app.person(role, { ...person, createdAt })
    ids[person.email] = id
  }
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

const found = async (query: object) => {
  const page = await listUsers(app, listUsersQuery.parse({ sort_by: 'id', sort_order: 'asc', ...query }))
  return page.users.map(({ email }) => email.split('@')[0])
}
const counted = (query: object) => countUsers(app, userFilter.parse(query))

const page = (number: string, page_size = '4') => listUsers(app, listUsersQuery.parse({ page: number, page_size }))

/** A mail to somebody, with its closing event, or its work where there is none. */
const mail = (email: string, status: string, event: string, more = '') =>
  app.owner.execute(
    sql.raw(`
    with m as (
      insert into messages (type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, created_by_name, user_id, status
        ${more ? ', may_have_been_delivered' : ''})
      values ('notification', 'plain', '${email}', 'a@example.com', 'Hello', '{}', false, 1, 3, 'seed', ${ids[email]}, '${status}' ${more ? ', true' : ''}) returning id
    ), o as (
      insert into outbox (kind, message_id, priority, ring_at) select 'send', id, 1, now() from m where '${event}' = ''
    )
    insert into message_events (message_id, event) select id, '${event}' from m where '${event}' <> ''`),
  )

describe('a search', () => {
  test.each([
    ['ann zander', ['ann']],
    ['zander ann', ['ann']],
    ['Ann', ['ann', 'abel']],
    ['example.org', ['bert']],
    ['supporter', ['bert']],
    ['xu', ['cleo']],
    ['100%', ['odd']],
    ['r_s', ['odd']],
    ['%', ['odd']],
    ["'; drop table users; --", []],
    ['2026-11-22', ['cleo']],
    ['22 Nov 2026', ['cleo']],
    ['Nov 22, 2026', ['cleo']],
    ['2026-02-30', []],
  ])('for %j', async (search, expected) => {
    expect(await found({ search })).toEqual(expected)
    expect(await counted({ search })).toMatchObject({ count: expected.length, is_exact: true, total: 6 })
  })

  test.each([
    ['UTC', 'cleo'],
    ['Europe/Kyiv', 'bert'],
    ['America/New_York', 'cleo'],
    ['Pacific/Kiritimati', 'bert'],
  ])('for a day, as it is in %s', async (zone, expected) => {
    expect(await found({ search: '2026-11-22', zone })).toEqual([expected])
  })

  test('in no zone that there is not', () => {
    const { error } = listUsersQuery.safeParse({ search: '2026-11-22', zone: 'Europe/Nowhere' })
    expect(error?.issues).toMatchObject([
      { path: ['zone'], message: 'This is not the name of a time zone, such as Europe/Kyiv.' },
    ])
  })

  test.each(['Support Agent', 'support agent', 'Support', 'agent', 'supporter'])(
    'for the role as it is shown or stored: %s',
    async (search) => {
      expect(await found({ search })).toEqual(['bert'])
    },
  )

  test('for a piece from within a word of the role finds nobody by it', async () => {
    expect(await found({ search: 'gent' })).toEqual([])
  })

  test('for an id', async () => {
    expect(await found({ search: String(ids['cleo@example.net']) })).toEqual(['cleo'])
  })
})

test('filters by state of the account, and by role', async () => {
  expect(await found({ status: 'disabled' })).toEqual(['cleo'])
  expect(await found({ status: 'active' })).toEqual(['ann', 'bert', 'odd', 'abel', 'dora'])
  // Not who has been here already.
  expect(await found({ status: 'invited' })).toEqual(['odd', 'dora'])
  expect(await found({ status: 'invited', search: 'west' })).toEqual(['dora'])
  expect(await found({ role: 'supporter' })).toEqual(['bert'])
})

describe('pages by cursor', () => {
  test.each(['id', 'created_at', 'first_name', 'last_name', 'email', 'role'])(
    'sorted by %s have no gap and no repetition, whoever is created meanwhile',
    async (sort_by) => {
      for (const sort_order of ['asc', 'desc']) {
        const whole = await found({ sort_by, sort_order, page_size: '100' })
        const seen: (string | undefined)[] = []
        let pages = 0
        let cursor: string | null = null
        do {
          const query = { sort_by, sort_order, page_size: '2', count: 'none', ...(cursor && { cursor }) }
          const page = await listUsers(app, listUsersQuery.parse(query))
          seen.push(...page.users.map(({ email }) => email.split('@')[0]))
          cursor = page.next_cursor
          pages++
          expect(page).toMatchObject({ total_count: null, is_partial: false })
        } while (cursor)
        expect(seen).toEqual(whole)
        expect(pages).toBe(3)
      }
    },
  )

  test('belong to one order, and are not made up', async () => {
    const { next_cursor } = await listUsers(app, listUsersQuery.parse({ sort_by: 'email', page_size: '2' }))
    const other = listUsersQuery.parse({ sort_by: 'role', cursor: next_cursor })
    await expect(listUsers(app, other)).rejects.toMatchObject({
      code: 'invalid',
      fields: { cursor: expect.any(String) },
    })
    for (const made of [
      'x',
      btoa('["created_at","yesterday",1]'),
      btoa('["id","1; drop",1]'),
      btoa('["email","a",1.5]'),
    ])
      expect(listUsersQuery.safeParse({ cursor: made }).success).toBe(false)
  })
})

test('pages by number go on as before, and end where they would cost too much', async () => {
  expect(await page('2')).toMatchObject({
    total_count: 6,
    total_is_estimate: false,
    page: 2,
    total_pages: 2,
    next_cursor: null,
  })
  expect((await page('2')).users).toHaveLength(2)
  expect((await page('3')).users).toEqual([])
  await expect(page('1002', '100')).rejects.toMatchObject({ code: 'invalid', fields: { page: expect.any(String) } })
})

describe('what became of the last mail', () => {
  beforeAll(async () => {
    await mail('ann@example.com', 'dead', 'dead')
    // Only the last one counts.
    await mail('ann@example.com', 'sent', 'sent')
    await mail('bert@example.org', 'retrying', '')
    await mail('cleo@example.net', 'suppressed', 'suppressed')
    await mail('odd@example.com', 'dead', 'dead', 'flagged')
    await mail('dora@example.com', 'sent', 'sent')
    await mail('dora@example.com', 'dead', 'dead')
  })

  test('is what people are filtered by', async () => {
    expect(await found({ mail: 'accepted' })).toEqual(['ann'])
    expect(await found({ mail: 'on_its_way' })).toEqual(['bert'])
    expect(await found({ mail: 'not_accepted' })).toEqual(['cleo', 'dora'])
    expect(await found({ mail: 'may_have_been_delivered' })).toEqual(['odd'])
    expect(await found({ mail: 'not_accepted', status: 'active' })).toEqual(['dora'])
    expect(await found({ mail: 'not_accepted', search: 'nobody' })).toEqual([])
    expect(await counted({ mail: 'not_accepted' })).toEqual({
      count: 2,
      is_exact: true,
      total: 6,
      total_is_estimate: false,
    })
  })

  test('is followed from the mails when it is rare among many people', async () => {
    await app.owner.execute(sql`
      insert into users (first_name, last_name, email, created_by_name) select 'Many', 'Person ' || n, 'many' || n || '@example.com', 'seed' from generate_series(1, 2600) n`)
    // The six are the oldest: a walk from the newest on finds none of them in its first window.
    const newestFirst = { sort_by: 'created_at', sort_order: 'desc' }
    expect(await found({ ...newestFirst, mail: 'not_accepted' })).toEqual(['dora', 'cleo'])
    expect(await found({ ...newestFirst, mail: 'on_its_way' })).toEqual(['bert'])
    expect(await found({ ...newestFirst, mail: 'not_accepted', page_size: '1', page: '2' })).toEqual(['cleo'])
    // Given up because workers were lost over it: that is its last event.
    await mail('bert@example.org', 'dead', 'worker_lost')
    expect(await found({ ...newestFirst, mail: 'not_accepted' })).toEqual(['dora', 'cleo', 'bert'])
    // What is common is only ever walked to.
    expect(await found({ ...newestFirst, mail: 'accepted' })).toEqual(['ann'])
  })
})
