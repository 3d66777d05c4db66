import { sql } from 'drizzle-orm'
import type { ReadSoFar } from '@/core/follow-ids'
import type { Database } from './client'

/** How far both logs were read. */
export type Place = { events: ReadSoFar; audit: ReadSoFar }

export type Changes = {
  events: { id: number; messageId: string }[]
  audit: { id: number; target: string }[]
  /** The messages that a worker is sending now: a hold writes no event. Null: there is too much work to look through. */
  sending: string[] | null
  /** The same text for as long as sending is neither paused, slowed down nor begun again. */
  breakers: string
}

/** Rows that are read at once; what is left comes the next time. */
const mostRows = 1_000
const mostSending = 500
/** An outbox up to this size is read through in about 3 ms. No index knows holds: it would cost every mail two writes more. */
const mostOutboxBytes = 8 * 1024 * 1024

/** Where both logs end now. */
export async function readPlace(db: Database): Promise<{ events: number; audit: number }> {
  const [row] = await db.execute<{ events: number; audit: number }>(sql`
    select coalesce((select max(id) from message_events), 0)::float8 as events,
      coalesce((select max(id) from audit_log), 0)::float8 as audit`)
  if (!row) throw new Error('Postgres gave no row')
  return row
}

const arrayOf = (ids: Iterable<number>) => sql`${`{${[...ids].join(',')}}`}::bigint[]`

/** What was added to both logs behind these places, and what is being sent, in one statement. */
export async function readChanges(db: Database, { events, audit }: Place): Promise<Changes> {
  const [row] = await db.execute<Changes>(sql`
    select
      (select coalesce(json_agg(json_build_object('id', id, 'messageId', message_id)), '[]') from (
        (select id, message_id from message_events where id > ${events.last} order by id limit ${mostRows})
        union all
        select id, message_id from message_events where id = any(${arrayOf(events.missing.keys())})
      ) e) as events,
      (select coalesce(json_agg(json_build_object('id', id, 'target', target)), '[]') from (
        (select id, target from audit_log where id > ${audit.last} order by id limit ${mostRows})
        union all
        select id, target from audit_log where id = any(${arrayOf(audit.missing.keys())})
      ) a) as audit,
      case when pg_relation_size('outbox') <= ${mostOutboxBytes} then
        (select coalesce(json_agg(message_id), '[]') from (
          select message_id from outbox where hold is not null and kind = 'send' limit ${mostSending}
        ) o)
      end as sending,
      (select coalesce(string_agg(route || ' ' || state || ' ' || coalesce(opened_at::text, ''), ', ' order by route), '')
       from breakers) as breakers`)
  if (!row) throw new Error('Postgres gave no row')
  return row
}
