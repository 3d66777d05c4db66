import type { Delivery } from '@/core/delivery-mode'
import type { MessageType } from '@/core/message'
import type { Sql } from './client'

/** A record that asks for its message to be sent. */
export type Ring = { messageId: string; attempt: number; partition: number; offset: number; times?: RecordTimes }

/** When the record was produced and when this worker got it: milliseconds since 1970, by the producer's and our own clock. */
type RecordTimes = { producedAt: number; receivedAt: number }

/** What it asks for, with the token that the hold is to have: who asks again after a lost answer gets what it has already. */
export type HoldRequest = Ring & { hold: string }

/** A message that this worker alone may send until `heldForMs` have passed since the statement was sent. */
export type Held = {
  messageId: string
  hold: string
  attempt: number
  partition: number
  offset: number
  type: MessageType
  template: string
  toAddress: string
  fromAddress: string
  replyTo: string | null
  subject: string
  data: Record<string, unknown>
  createdAt: Date
  /** When this try was due. */
  dueAt: Date
  times?: RecordTimes | undefined
  retryCount: number
  maxRetries: number
  mayHaveBeenDelivered: boolean
  userId: number | null
  sealed: Buffer | null
  outages: number
  onAmbiguous: 'retry' | 'hold'
  delivery: Delivery
  /** Too old to be sent. */
  expired: boolean
  /** Its address is on the suppression list. */
  suppressed: { since: string; reason: 'hard_bounce' | 'manual' } | null
}

/**
 * Takes the messages that these records ring for: those whose attempt is current, whose time has come, and that nobody
 * holds, or this request holds already. What does not come back is stale (sent, cancelled, a later try, held elsewhere, not due) and may be dropped.
 *
 * It waits for row locks, in message order, and never skips a locked row: a row that the relay is just touching must not
 * look stale. Joined by id, not by ctid: a fresh ctid is invisible to the snapshot of this statement. Where it has waited for
 * too long it fails as a whole (`isRowLocked`), and nothing is held.
 *
 * Looked up one by one (lateral), here and wherever messages are named: joined, a planner whose statistics are older than the
 * backlog reads all of it, 40 ms for each statement with 50,000 rows waiting.
 */
export async function holdMessages(
  sql: Sql,
  requests: readonly HoldRequest[],
  input: { holdMs: number; worker: string },
): Promise<Held[]> {
  const rows = await sql<Held[]>`
    with wanted as (
      select * from unnest(
        ${requests.map((one) => one.messageId)}::uuid[], ${requests.map((one) => one.attempt)}::int[], ${requests.map((one) => one.hold)}::uuid[],
        ${requests.map((one) => one.partition)}::int[], ${requests.map((one) => one.offset)}::bigint[]
      ) as w(message_id, attempt, hold, partition, "offset")
      order by message_id
    ), free as (
      select o.id, w.hold, w.partition, w."offset"
      from wanted w cross join lateral (
        select id from outbox
        where kind = 'send' and message_id = w.message_id and attempt = w.attempt and (hold is null or hold = w.hold) and due_at <= now()
        for update
      ) o
    ), held as (
      update outbox o
      set hold = free.hold, held_at = now(), held_until = now() + ${input.holdMs}::int * interval '1 ms', held_by = ${input.worker},
          kafka_partition = free.partition, kafka_offset = free."offset", kafka_failed_at = null,
          -- A bell that was moved far ahead would find the end of this hold late. Nearly always it stays as it is, and so does the index.
          ring_at = least(o.ring_at, now() + (${input.holdMs}::int + 1000) * interval '1 ms')
      from free where o.id = free.id
      returning o.message_id, o.hold, o.attempt, o.due_at, o.kafka_partition, o.kafka_offset
    )
    update messages m set status = 'sending'
    from held
    where m.id = held.message_id
    returning m.id as "messageId", held.hold, held.attempt, held.kafka_partition as partition, held.kafka_offset::float8 as "offset",
      m.type, m.template, m.to_address as "toAddress", m.from_address as "fromAddress", m.reply_to as "replyTo", m.subject, m.data,
      m.created_at as "createdAt", held.due_at as "dueAt", m.retry_count as "retryCount", m.max_retries as "maxRetries",
      m.may_have_been_delivered as "mayHaveBeenDelivered", m.user_id as "userId", m.outages, m.on_ambiguous as "onAmbiguous", m.delivery,
      m.expires_at <= now() as expired,
      (select json_build_object('since', to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'reason', s.reason)
       from suppressions s where s.address_key = lower(m.to_address)) as suppressed,
      (select s.sealed from message_secrets s where s.message_id = m.id) as sealed`
  const times = new Map(requests.map((one) => [one.hold, one.times]))
  return rows.map((row) => ({ ...row, times: times.get(row.hold) }))
}

/**
 * Keeps holds alive, all of a process in one statement. It waits for nobody: a row that is locked at this moment, by us or by
 * a person, keeps its end and is renewed the next time.
 * @returns the tokens that were renewed, and those that are ours but were locked; a missing one was lost to the relay
 */
export async function renewHolds(
  sql: Sql,
  holds: readonly Pick<Held, 'messageId' | 'hold'>[],
  holdMs: number,
): Promise<{ renewed: string[]; locked: string[] }> {
  const rows = await sql<{ hold: string; renewed: boolean }[]>`
    with wanted as (
      select * from unnest(${holds.map((one) => one.messageId)}::uuid[], ${holds.map((one) => one.hold)}::uuid[]) as w(message_id, hold)
      order by message_id
    ), mine as (
      select o.id from wanted w cross join lateral (
        select id from outbox where kind = 'send' and message_id = w.message_id and hold = w.hold for update skip locked
      ) o
    ), renewed as (
      update outbox o set held_until = now() + ${holdMs}::int * interval '1 ms'
      from mine where o.id = mine.id
      returning o.hold
    )
    select hold, true as renewed from renewed
    union all
    select hold, false from wanted w
    where hold not in (select hold from renewed)
      and (select id from outbox where kind = 'send' and message_id = w.message_id and hold = w.hold) is not null`
  const tokens = (renewed: boolean) => rows.filter((row) => row.renewed === renewed).map((row) => row.hold)
  return { renewed: tokens(true), locked: tokens(false) }
}
