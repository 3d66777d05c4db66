import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditPage } from '@/server/list-audit'
import { openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import { GET as getExport } from './export/route'
import { GET as getList } from './route'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext
let admin: Awaited<ReturnType<TestContext['person']>>
let olena: typeof admin

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
  admin = await app.person('admin')
  olena = await app.person('user', { firstName: 'Olena', lastName: 'Sample', email: 'olena@example.com' })
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

type Row = {
  actor: string
  actorName?: string
  action: string
  target: string
  at?: string
  after?: object
  address?: string
}
async function write(...rows: Row[]) {
  await app.owner.execute(sql`truncate audit_log restart identity`)
  for (const {
    actor,
    actorName = null,
    action,
    target,
    at = '2026-11-27T12:00:00Z',
    after = null,
    address = null,
  } of rows) {
    await app.owner.execute(sql`
      insert into audit_log (at, actor, actor_name, action, target, after, address, request_id)
      values (${at}::timestamptz, ${actor}, ${actorName}, ${action}, ${target}, ${after === null ? null : JSON.stringify(after)}::jsonb, ${address}, 'request-1')`)
  }
}

const ask = (handler: typeof getList, search: string, cookie = admin.cookie) =>
  handler(new Request(`http://localhost:3005/api/audit${search}`, { headers: { cookie } }), {
    params: Promise.resolve({}),
  })
const list = async (search: string) => (await (await ask(getList, search)).json()) as AuditPage

describe('GET /api/audit', () => {
  beforeAll(() =>
    write(
      {
        actor: 'user:900',
        actorName: 'Maya Example',
        action: 'user.created',
        target: `user:${olena.id}`,
        address: '192.0.2.7',
      },
      {
        actor: 'key:1',
        actorName: 'API key "shop"',
        action: 'message.queued',
        target: 'message:m-1',
        at: '2026-11-28T12:00:00Z',
      },
      { actor: 'nobody', action: 'sign_in.refused', target: 'unknown account', at: '2026-11-29T12:00:00Z' },
      {
        actor: 'user:900',
        actorName: 'Maya Example',
        action: 'user.deleted',
        target: 'user:901',
        at: '2026-11-30T12:00:00Z',
        after: { email: 'gone@example.com' },
      },
    ),
  )

  test.each([
    ['', [4, 3, 2, 1]],
    ['?actor=user:900', [4, 1]],
    ['?action=message.queued&action=sign_in.refused', [3, 2]],
    ['?action=message.queued,user.deleted', [4, 2]],
    ['?target=message:m-1', [2]],
    ['?from=2026-11-28T12:00:00Z', [4, 3, 2]],
    ['?to=2026-11-28T12:00:00Z', [1]],
    ['?from=2026-11-28T00:00:00Z&to=2026-11-29T00:00:00Z&actor=key:1', [2]],
    ['?search=maya', [4, 1]],
    ['?search=olena%20sam', [1]],
    ['?search=OLENA@', [1]],
    ['?search=m-1', [2]],
    ['?search=user:900', [4, 1]],
    ['?search=gone@example.com', [4]],
    ['?search=192.0.2.7', [1]],
    ['?search=request-1', [4, 3, 2, 1]],
    ['?search=%25', []],
    ['?search=maya&action=sign_out', []],
  ])('%s', async (search, ids) => {
    expect((await list(search)).entries.map(({ id }) => id)).toEqual(ids)
  })

  test('goes on where a page ended', async () => {
    const first = await list('?limit=3')
    expect(first.entries.map(({ id }) => id)).toEqual([4, 3, 2])
    const second = await list(`?limit=3&cursor=${first.next_cursor}`)
    expect([second.entries.map(({ id }) => id), second.next_cursor]).toEqual([[1], null])
  })

  test('names who did it as they were called then, and whom as they are called now', async () => {
    const [entry] = (await list('?search=olena')).entries
    expect(entry).toMatchObject({ actor_name: 'Maya Example', target_name: 'Olena Sample', address: '192.0.2.7' })
  })

  test('names a message by its recipient and subject for as long as it is kept', async () => {
    const [mail] = await app.owner.execute<{ id: string }>(sql`
      insert into messages (type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, created_by_name, status)
      values ('notification', 'plain', 'ann@example.com', 'a@example.com', 'Your parcel', '{}', false, 1, 3, 'seed', 'sent') returning id`)
    const target = `message:${mail?.id}`
    await write({ actor: 'user:900', action: 'message.cancelled', target })
    expect((await list('')).entries).toMatchObject([{ target, target_name: 'ann@example.com: Your parcel' }])
    await app.owner.execute(sql`delete from messages where id = ${mail?.id}`)
    expect((await list('')).entries).toMatchObject([{ target, target_name: null }])
  })

  test.each(['?cursor=x', '?actor=%00', '?action=no.such', '?from=yesterday', '?colour=red', '?limit=101'])(
    'refuses %s',
    async (search) => {
      expect((await ask(getList, search)).status).toBe(422)
    },
  )
})

/** RFC 4180, as a spreadsheet reads it. */
function parse(text: string): string[][] {
  const rows: string[][] = []
  for (const line of text
    .replace(/^\uFEFF/, '')
    .matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)\r\n/g)) {
    rows.push([...(line[1] ?? '').matchAll(/"((?:[^"]|"")*)"/g)].map(([, cell = '']) => cell.replaceAll('""', '"')))
  }
  return rows
}

describe('GET /api/audit/export', () => {
  test('is a file that no cache keeps, of exactly the rows of the filter', async () => {
    await write(
      {
        actor: 'user:900',
        actorName: 'Maya Example',
        action: 'user.created',
        target: `user:${olena.id}`,
        after: { role: 'user' },
      },
      { actor: 'nobody', action: 'sign_in.refused', target: 'unknown account' },
    )
    const answer = await ask(getExport, '?action=user.created')
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      'text/csv; charset=utf-8; header=present',
      'no-store',
    ])
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="audit-\d{4}-\d\d-\d\d\.csv"$/)
    // Response.text() would leave the byte order mark out.
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await answer.arrayBuffer())
    expect(text.charCodeAt(0)).toBe(0xfeff)
    const [heads, ...rows] = parse(text)
    expect(heads).toContain('Who')
    expect(rows).toEqual([
      [
        '2026-11-27T12:00:00.000Z',
        'Maya Example',
        'user:900',
        'Created the account',
        'user.created',
        'Olena Sample',
        `user:${olena.id}`,
        '',
        '',
        '{"role":"user"}',
        '',
        'request-1',
      ],
    ])
  })

  test('holds no formula, whatever people are called', async () => {
    const names = [
      '=HYPERLINK("https://evil.example","Click")',
      '+1',
      '-1',
      '@SUM(A1)',
      "=cmd|' /C calc'!A0",
      '\t=1',
      '\r=1',
      'a,"=1"',
    ]
    await write(
      ...names.map((actorName) => ({ actor: 'user:1', actorName, action: 'user.created', target: actorName })),
    )
    const rows = parse(await (await ask(getExport, '')).text()).slice(1)
    expect(rows.map((row) => row[1])).toEqual(
      names.map((name) => (name.startsWith('a') ? name : `'${name}`)).toReversed(),
    )
    expect(rows.flat().filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([])
  })

  test('reads 20,000 rows page by page, only as they are taken', async () => {
    await write()
    await app.owner.execute(sql`
      insert into audit_log (actor, actor_name, action, target, request_id)
      select 'user:900', 'Maya Example', 'message.queued', 'message:' || n, 'request-' || n from generate_series(1, 20000) n`)
    const answer = await ask(getExport, '')
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    let text = decoder.decode((await reader.read()).value, { stream: true })
    // Had it read ahead, it would not know of these: the row that comes last, and one that is newer than all.
    await app.owner.execute(sql`update audit_log set actor_name = 'Read late' where target = 'message:1'`)
    await app.owner.execute(
      sql`insert into audit_log (actor, action, target, request_id) values ('system', 'sign_out', 'newer', 'r')`,
    )
    let largest = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      largest = Math.max(largest, value.length)
      text += decoder.decode(value, { stream: true })
    }
    expect(largest).toBeLessThan(256 * 1024)
    const targets = parse(text)
      .slice(1)
      .map((row) => row[6])
    expect(targets).toEqual(Array.from({ length: 20_000 }, (_, index) => `message:${20_000 - index}`))
    expect(parse(text).at(-1)?.[1]).toBe('Read late')
  })

  test('breaks off where the database fails, so that nobody takes half of it for the whole', async () => {
    const answer = await ask(getExport, '')
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await app.owner.execute(sql`revoke select on audit_log from usual_store_app`)
    try {
      await expect(reader.read()).rejects.toThrow(/audit_log/)
    } finally {
      await app.owner.execute(sql`grant select on audit_log to usual_store_app`)
    }
  })

  test('is for administrators', async () => {
    const supporter = await app.person('supporter')
    for (const handler of [getList, getExport]) expect((await ask(handler, '', supporter.cookie)).status).toBe(403)
  })
})
