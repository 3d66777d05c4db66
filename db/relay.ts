import type { DeadReason, MessageType } from '@/core/message'
import type { Sql } from './client'

/** A message whose record, or whose notice, is to be published now. */
export type DueMail = {
  outboxId: number
  kind: 'send' | 'dead_letter' | 'dead_letter_recalled'
  messageId: string
  /** The id that another producer gave it; null for ours. */
  producerId: string | null
  attempt: number
  /** 0: never rung before for this attempt, or Kafka did not take it: no record is known to wait there for its turn. */
  rings: number
  priorityRank: number
  maxRetries: number
  retryCount: number
  type: MessageType
  template: string
  toAddress: string
  fromAddress: string
  subject: string
  data: Record<string, unknown>
  createdAt: Date
  deadReason: DeadReason | null
  lastReply: string | null
  closedAt: Date | null
  kafkaPartition: number | null
  kafkaOffset: number | null
  /** Postgres's now. */
  takenAt: Date
}

/** A record that was kept aside or refused, and whose notice is to be published now. */
export type DueRecord = {
  outboxId: number
  kind: 'dead_record'
  kafkaPartition: number
  kafkaOffset: number
  takenAt: Date
}

/**
 * Takes work whose bell is due, most urgent first, and moves each bell ahead in the same statement: 30 s after the first
 * ring, doubling to 15 min; for a row that is being sent, to the end of its hold. So a relay that dies after this loses nothing.
 *
 * The bell of a hold that ran out is left as it is: moved ahead at every round, it would never be due when
 * `takeOverExpiredHolds` looks for it.
 *
 * By ctid: joined by id, the planner reads the whole backlog (PERFORMANCE.md 4). The limit is a parameter, because a
 * statement without one is never planned again.
 * @param lowestPriority 0 takes only high, 2 takes all
 */
export async function takeDueWork(
  sql: Sql,
  input: { limit: number; lowestPriority: number },
): Promise<(DueMail | DueRecord)[]> {
  const rows = await sql<(DueMail | DueRecord)[]>`
    with due as materialized (
      select ctid from outbox
      where ring_at <= now() and priority <= ${input.lowestPriority}
        and (hold is null or held_until >= now())
      order by priority, ring_at
      limit ${input.limit}
      for update skip locked
    ), rung as (
      update outbox o
      set ring_at = case when o.hold is null then now() + least(30 * 2 ^ least(o.rings, 5), 900) * interval '1 s' else greatest(o.held_until, now()) + interval '1 s' end,
          rings = o.rings + (o.hold is null)::int
      where o.ctid = any(array(select ctid from due))
      returning o.*
    )
    select rung.id::float8 as "outboxId", rung.kind, rung.message_id as "messageId", m.producer_id as "producerId", rung.attempt,
      case when rung.kafka_failed_at is null then rung.rings - 1 else 0 end as rings, rung.priority as "priorityRank",
      m.max_retries as "maxRetries", m.retry_count as "retryCount", m.type, m.template, m.to_address as "toAddress",
      m.from_address as "fromAddress", m.subject, m.data, m.created_at as "createdAt", m.dead_reason as "deadReason",
      m.last_reply as "lastReply", m.closed_at as "closedAt", rung.kafka_partition as "kafkaPartition", rung.kafka_offset::float8 as "kafkaOffset",
      now() as "takenAt"
    from rung left join messages m on m.id = rung.message_id
    where rung.hold is null and (m.id is not null or rung.kind = 'dead_record')`
  return [...rows]
}

/**
 * Kafka did not take these: try again in 5 s, and say so once on the message.
 * @returns those whose row is locked just now: to be put back later, for they still look as if Kafka had them
 */
export async function putBackUnpublished(sql: Sql, outboxIds: readonly number[]): Promise<number[]> {
  const locked = await sql<{ id: number }[]>`
    with work as (
      select id, kafka_failed_at is null as first from outbox where id = any(${[...outboxIds]}::bigint[]) order by message_id for update skip locked
    ), back as (
      update outbox o
      set ring_at = now() + interval '5 s', rings = greatest(o.rings - 1, 0), kafka_failed_at = coalesce(o.kafka_failed_at, now())
      from work where o.id = work.id
      returning o.message_id, o.kind, work.first
    ), story as (
      insert into message_events (message_id, event) select message_id, 'kafka_unreachable' from back where kind = 'send' and first
    )
    select id::float8 as id from outbox where id = any(${[...outboxIds]}::bigint[]) and id not in (select id from work)`
  return locked.map(({ id }) => id)
}

/** Notices that Kafka has taken are done. */
export async function removePublishedNotices(sql: Sql, outboxIds: readonly number[]): Promise<void> {
  await sql`delete from outbox where id = any(${[...outboxIds]}::bigint[]) and kind <> 'send'`
}

/**
 * Kafka will never take these records. Their bells are spaced already; they say that they wait for Kafka, and a mail among
 * them ends when it is too old.
 */
export async function markRefused(sql: Sql, outboxIds: readonly number[]): Promise<void> {
  await sql`
    with work as (select id from outbox where id = any(${[...outboxIds]}::bigint[]) order by message_id for update)
    update outbox o set kafka_failed_at = coalesce(o.kafka_failed_at, now()) from work where o.id = work.id`
}

/**
 * Gives up what is due and too old to be sent, also while nobody sends: then no worker would come to it.
 *
 * Looked up message by message from what waits: joined, the planner may read the whole history instead, of which most is long
 * past its time.
 * @returns how many
 */
export async function expireWaiting(sql: Sql, limit: number): Promise<number> {
  const expired = await sql`
    with old as materialized (
      select o.id from outbox o
      where o.kind = 'send' and o.hold is null and o.due_at <= now()
        and (select m.expires_at from messages m where m.id = o.message_id) <= now()
      limit ${limit}
    ), work as (
      select o.id, o.message_id, o.priority, o.attempt, o.kafka_partition, o.kafka_offset
      from old join outbox o on o.id = old.id join messages m on m.id = o.message_id
      where o.hold is null and o.due_at <= now() and m.expires_at <= now()
      order by o.message_id
      for update of o, m skip locked
    ), gone as (
      delete from outbox o using work where o.id = work.id
    ), said as (
      update messages m set status = 'dead', dead_reason = 'expired', closed_at = now() from work where m.id = work.message_id
      returning m.id
    ), notice as (
      insert into outbox (kind, message_id, priority, ring_at, kafka_partition, kafka_offset)
      select 'dead_letter', message_id, priority, now(), kafka_partition, kafka_offset from work
    ), story as (
      insert into message_events (message_id, event, detail)
      select message_id, 'dead', jsonb_build_object('attempt', attempt, 'reason', 'expired') from work
    )
    select id from said`
  return expired.count
}

/**
 * Finds holds that ran out: their worker died, or lost Postgres. The message may have left already, so it is flagged; it is
 * due at once, unless it has cost too many workers. Right after a restart of Postgres a live worker gets 10 s to record what it has.
 * @returns the messages that were taken over
 */
export async function takeOverExpiredHolds(
  sql: Sql,
  input: { limit: number; crashLimit: number },
): Promise<{ messageId: string; parked: boolean }[]> {
  const rows = await sql<{ messageId: string; parked: boolean }[]>`
    with lost as (
      select o.id, o.message_id, o.priority, o.attempt, o.held_by, o.kafka_partition, o.kafka_offset
      from outbox o join messages m on m.id = o.message_id
      where o.ring_at <= now() and o.hold is not null and o.held_until < now()
        and now() - pg_postmaster_start_time() > interval '10 s'
      order by o.message_id
      limit ${input.limit}
      for update of o, m skip locked
    ), said as (
      update messages m
      set crashes = m.crashes + 1,
          -- What is only pretended has never left.
          may_have_been_delivered = m.may_have_been_delivered or m.delivery <> 'pretend',
          status = case when m.crashes + 1 >= ${input.crashLimit} then 'dead' when m.retry_count = 0 then 'queued' else 'retrying' end,
          dead_reason = case when m.crashes + 1 >= ${input.crashLimit} then 'crash_loop' end,
          closed_at = case when m.crashes + 1 >= ${input.crashLimit} then now() end
      from lost where m.id = lost.message_id
      returning m.id, m.status = 'dead' as parked
    ), freed as (
      update outbox o set hold = null, held_at = null, held_until = null, held_by = null, rings = 0, ring_at = now()
      from lost join said on said.id = lost.message_id
      where o.id = lost.id and not said.parked
    ), gone as (
      delete from outbox o using lost join said on said.id = lost.message_id where o.id = lost.id and said.parked
    ), notice as (
      insert into outbox (kind, message_id, priority, ring_at, kafka_partition, kafka_offset)
      select 'dead_letter', lost.message_id, lost.priority, now(), lost.kafka_partition, lost.kafka_offset
      from lost join said on said.id = lost.message_id where said.parked
    ), story as (
      insert into message_events (message_id, event, detail)
      select lost.message_id, 'worker_lost',
        jsonb_build_object('attempt', lost.attempt, 'partition', lost.kafka_partition, 'offset', lost.kafka_offset)
          || case when said.parked then '{"reason":"crash_loop"}'::jsonb else '{}'::jsonb end
      from lost join said on said.id = lost.message_id
    )
    select id as "messageId", parked from said`
  return [...rows]
}
