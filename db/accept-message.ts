import { sql } from 'drizzle-orm'
import { priorityRank, type MessageType, type Priority } from '@/core/message'
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
  // Low priority is never published by the request itself: it waits for the relay, which keeps the topic short.
  const ringAt = message.priority === 'low' ? sql`now()` : sql`now() + ${fastPathGrace}::interval`
  const rings = message.priority === 'low' ? 0 : 1
  const [row] = await tx.execute<{ id: string; created_at: string }>(sql`
    with m as (
      insert into messages (type, template, to_address, from_address, reply_to, subject, data, sensitive, priority, max_retries, user_id, created_by_name)
      values (${message.type}, ${message.template}, ${message.to}, ${message.from}, ${message.replyTo}, ${message.subject},
              ${JSON.stringify(message.data)}::jsonb, ${message.sensitive}, ${rank}, ${message.maxRetries}, ${message.userId}, ${message.createdByName})
      returning id, created_at
    ), o as (
      insert into outbox (kind, message_id, priority, ring_at, rings) select 'send', id, ${rank}, ${ringAt}, ${rings} from m
    ), e as (
      insert into message_events (message_id, event, detail)
      select id, 'accepted', jsonb_build_object('by', ${message.createdByName}::text) from m
    )
    select id, to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at from m`)
  if (!row) throw new Error('The message was not written')
  if (message.seal) {
    await tx.execute(sql`insert into message_secrets (message_id, sealed) values (${row.id}, ${message.seal(row.id)})`)
  }
  if (message.priority === 'low') await tx.execute(sql`select pg_notify('outbox', '')`)
  return { id: row.id, createdAt: row.created_at }
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
