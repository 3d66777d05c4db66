import { sql } from 'drizzle-orm'
import type { PipelineView } from '@/core/pipeline'
import { promisedWithinMs } from '@/core/promise'
import type { Executor } from './client'

/** Nobody needs it more exactly, and counting further would cost the workers. */
const countAtMost = 100_000
/** A process says that it lives every 15 s. */
const silentFor = '45 seconds'
/** Whoever has been silent for longer than this does not come back. */
const goneAfter = '10 minutes'

/** All parts of the pipeline but Kafka, from what Postgres knows. It reads what waits and what happened in the last minute, never history. */
export async function findPipeline(db: Executor): Promise<Omit<PipelineView, 'kafka'>> {
  const [row] = await db.execute<{ pipeline: Omit<PipelineView, 'kafka'> }>(sql`
    with due as (
      select due_at from outbox where kind = 'send' and hold is null and due_at <= now() limit ${countAtMost}
    ), minute as (
      select count(*) filter (where event = 'accepted') as asked,
        count(*) filter (where event in ('sent', 'pretended', 'dead', 'cancelled', 'suppressed', 'proven_sent')) as ended
      from message_events where at > now() - interval '1 minute'
    ), hours as (
      select * from delivery_hours where hour >= date_trunc('hour', now()) - interval '23 hours'
    ), latest as (
      select * from hours where accepted > 0 order by hour desc limit 1
    ), workers as (
      select seen_at > now() - ${silentFor}::interval as is_up from processes
      where kind = 'worker' and seen_at > now() - ${goneAfter}::interval
    )
    select json_build_object(
      'at', ${utc(sql`now()`)},
      'api', json_build_object(
        'asked_this_hour', coalesce((select asked from hours where hour = date_trunc('hour', now())), 0),
        'asked_last_hour', coalesce((select asked from hours where hour = date_trunc('hour', now()) - interval '1 hour'), 0)),
      'outbox', (select json_build_object(
        'waiting', count(*), 'oldest_since', ${utc(sql`min(due_at)`)},
        'overdue', count(*) filter (where due_at < now() - ${promisedWithinMs}::int * interval '1 ms'),
        'held', (select count(*) from (select from outbox where kind = 'send' and due_at = 'infinity' limit ${countAtMost}) kept),
        'asked_last_minute', (select asked from minute), 'ended_last_minute', (select ended from minute)) from due),
      'workers', (select json_build_object(
        'up', count(*) filter (where is_up), 'away', count(*) filter (where not is_up),
        'sending', (select count(*) from outbox where hold is not null)) from workers),
      'smtp', json_build_object(
        'median_ms', (select median_ms from latest),
        'first_try_share', (select sum(at_first_try)::float8 / nullif(sum(accepted), 0) from hours)),
      'dead', json_build_object('last_day', coalesce((select sum(dead) from hours), 0))
    ) as pipeline`)
  if (!row) throw new Error('Postgres did not say how the pipeline is')
  return row.pipeline
}

const utc = (instant: ReturnType<typeof sql>) =>
  sql`to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
