import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase } from '@/stack/testing/services'
import { openWorkerDatabase, type Sql } from './client'
import { holdMessages, renewHolds } from './hold'
import { settleMessages } from './settle'

const backlog = 20_000

let database: Awaited<ReturnType<typeof createTestDatabase>>
/** One connection: its counters are its own, and are handed in when it says so. */
let sql: Sql

beforeAll(async () => {
  database = await createTestDatabase()
  sql = openWorkerDatabase({ url: database.url, max: 1, part: 'test' })
})
afterAll(async () => {
  await sql.end()
  await database.drop()
})

/** Entries of indexes and rows of whole tables that were read so far. */
async function rowsRead(): Promise<number> {
  await sql`select pg_stat_force_next_flush()`
  const [row] = await sql<{ read: number }[]>`
    select (select sum(idx_tup_read) from pg_stat_user_indexes where relname in ('outbox', 'messages'))::int
      + (select sum(seq_tup_read) from pg_stat_user_tables where relname in ('outbox', 'messages'))::int as read`
  return row?.read ?? NaN
}

async function rowsReadBy(work: () => Promise<void>): Promise<number> {
  const before = await rowsRead()
  await work()
  return (await rowsRead()) - before
}

test('a message is held, renewed and settled without reading what else waits, also before Postgres knows how much that is', async () => {
  await sql`alter table outbox set (autovacuum_enabled = false)`
  await sql`
    with m as (
      insert into messages (type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, created_by_name)
      select 'notification', 'plain', 'n' || n || '@example.net', 'us@example.com', 'Newsletter', '{}', false, 2, 3, 'test'
      from generate_series(1, ${backlog}) n
      returning id
    )
    insert into outbox (kind, message_id, priority, ring_at) select 'send', id, 2, now() from m`
  const some = await sql<
    { messageId: string }[]
  >`select message_id as "messageId" from outbox order by random() limit 10`

  const rings = some.map(({ messageId }) => ({ messageId, attempt: 1, hold: randomUUID(), partition: 0, offset: 0 }))
  let held: Awaited<ReturnType<typeof holdMessages>> = []
  const read = {
    hold: await rowsReadBy(async () => {
      held = await holdMessages(sql, rings, { holdMs: 60_000, worker: 'w1' })
    }),
    renew: await rowsReadBy(async () => {
      const lost = { messageId: held[0]?.messageId ?? '', hold: randomUUID() }
      expect((await renewHolds(sql, [...held, lost], 60_000)).renewed).toHaveLength(10)
    }),
    settle: await rowsReadBy(async () => {
      const settlements = held.map(({ messageId, hold }) => ({ messageId, hold, reply: null, detail: {} }))
      expect(
        await settleMessages(
          sql,
          settlements.map((one) => ({ ...one, outcome: { kind: 'sent' as const } })),
        ),
      ).toHaveLength(10)
    }),
  }
  expect(held).toHaveLength(10)
  expect(Object.entries(read).filter(([, rows]) => rows >= backlog / 20)).toEqual([])
})
