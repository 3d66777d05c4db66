import { sql } from 'drizzle-orm'
import { priorityRank, type AmbiguousRule, type MessageType, type Priority } from '@/core/message'
import type { Delivery } from '@/core/delivery-mode'
import type { Executor } from './client'

export type NewMessage = {
  type: MessageType
  template: string
  to: string
  from: string
  replyTo: string | null
  subject: string
  /** What may be read: placeholders stand where the secret is. */
  data: Record<string, unknown>
  priority: Priority
  maxRetries: number
  sensitive: boolean
  /** Seals the secret for the id that the message gets; null when it carries none. */
  seal: ((messageId: string) => Buffer) | null
  userId: number | null
  createdByName: string
  /** Not before then; null or absent: now. */
  sendAt?: string | null
  /** For so long after its time it may be sent; standard: 72 h. */
  lifeMinutes?: number
  onAmbiguous?: AmbiguousRule
  /** The message that this one is sent again for. */
  resendOf?: string | null
  /** Standard: send. */
  delivery?: Delivery
}

/** How long the relay leaves a record to the request that is just publishing it. */
const fastPathGrace = '30 seconds'

/**
 * Writes the message, its work, its first event and its sealed secret. Call it inside the transaction of the use case:
 * once that commits, the mail is safe.
 * @returns the id and the instant of acceptance, which the record carries as its timestamp
 */
export async function acceptMessage(tx: Executor, message: NewMessage): Promise<{ id: string; createdAt: string }> {
  const rank = priorityRank(message.priority)
  const { sendAt = null, lifeMinutes = 72 * 60, onAmbiguous = 'retry', resendOf = null, delivery = 'send' } = message
  const dueAt = sql`coalesce(${sendAt}::timestamptz, now())`
  const isHeld = delivery === 'held'
  const isForRelay = isRungByRelay(message)
  // What is held is due never: no bell rings, no worker takes it, and it is not given up for its age.
  const workDueAt = isHeld ? sql`'infinity'::timestamptz` : sql`due_at`
  const ringAt = isHeld ? sql`'infinity'::timestamptz` : isForRelay ? dueAt : sql`now() + ${fastPathGrace}::interval`
  const rings = isForRelay ? 0 : 1
  const said = JSON.stringify({
    by: message.createdByName,
    ...(sendAt === null ? {} : { sendAt }),
    ...(resendOf === null ? {} : { otherId: resendOf }),
    ...(delivery === 'send' ? {} : { delivery }),
  })
  const [row] = await tx.execute<{ id: string; created_at: string }>(sql`
    with m as (
      insert into messages (type, template, to_address, from_address, reply_to, subject, data, sensitive, priority, max_retries, user_id, created_by_name,
        send_at, due_at, expires_at, on_ambiguous, resend_of, delivery)
      values (${message.type}, ${message.template}, ${message.to}, ${message.from}, ${message.replyTo}, ${message.subject},
              ${JSON.stringify(message.data)}::jsonb, ${message.sensitive}, ${rank}, ${message.maxRetries}, ${message.userId}, ${message.createdByName},
              ${sendAt}::timestamptz, ${dueAt}, ${dueAt} + ${lifeMinutes}::int * interval '1 min', ${onAmbiguous}, ${resendOf}, ${delivery})
      returning id, created_at, due_at
    ), o as (
      insert into outbox (kind, message_id, priority, due_at, ring_at, rings) select 'send', id, ${rank}, ${workDueAt}, ${ringAt}, ${rings} from m
    ), e as (
      insert into message_events (message_id, event, detail) select id, 'accepted', ${said}::jsonb from m
    )
    select id, to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at from m`)
  if (!row) throw new Error('The message was not written')
  if (message.seal) {
    await tx.execute(sql`insert into message_secrets (message_id, sealed) values (${row.id}, ${message.seal(row.id)})`)
  }
  if (isForRelay && !isHeld && sendAt === null) await tx.execute(sql`select pg_notify('outbox', '')`)
  return { id: row.id, createdAt: row.created_at }
}

/**
 * Not published by the request itself. Low priority waits for the relay, which keeps the topic short; a mail for later has
 * its bell set to that time; a held one has none.
 */
export const isRungByRelay = (message: Pick<NewMessage, 'priority' | 'sendAt' | 'delivery'>): boolean =>
  message.priority === 'low' || (message.sendAt ?? null) !== null || message.delivery === 'held'

/** How an instant stands to now and to the furthest that may be asked for. Only Postgres knows the time. */
export async function judgeSendAt(tx: Executor, sendAt: string): Promise<'past' | 'too_far' | 'fits'> {
  const [row] = await tx.execute<{ judged: 'past' | 'too_far' | 'fits' }>(sql`
    select case when ${sendAt}::timestamptz <= clock_timestamp() then 'past'
      when ${sendAt}::timestamptz > clock_timestamp() + interval '30 days' then 'too_far' else 'fits' end as judged`)
  if (!row) throw new Error('Postgres did not say what time it is')
  return row.judged
}

/** Kafka did not take these records: the relay shall, as soon as it can. Their messages say that they wait for Kafka. */
export async function publishFailed(db: Executor, messageIds: readonly string[]): Promise<void> {
  await db.execute(sql`
    with o as (
      update outbox set ring_at = now(), rings = 0, kafka_failed_at = now()
      where message_id in ${messageIds} and kind = 'send' and hold is null and kafka_failed_at is null
      returning message_id
    ), e as (
      insert into message_events (message_id, event) select message_id, 'kafka_unreachable' from o
    )
    select pg_notify('outbox', '')`)
}
