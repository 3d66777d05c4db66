import { and, asc, desc, eq, inArray, lte, sql } from 'drizzle-orm'
import { messageIdHeader, priorityOfRank, type DeadReason } from '@/core/message'
import type { EventDetail, MessageFacts } from '@/core/sentences'
import type { MessageEventKind, MessageListItem, MessageView } from '@/core/views'
import type { Executor } from './client'
import { breakers, messageEvents, messages, outbox, suppressions, users } from './schema'

/** A message as it is stored, with what its work row knows; the sentences are made from `facts` by whoever shows it. */
export type StoredMessage = { item: Omit<MessageListItem, 'summary'>; facts: MessageFacts }
export type StoredStory = StoredMessage & {
  more: Omit<MessageView, keyof MessageListItem | 'timeline' | 'hides' | 'kafka' | 'actions' | 'link'>
  data: Record<string, unknown>
  events: { at: string; event: MessageEventKind; detail: EventDetail }[]
}

/**
 * Since when sending has been paused for a message that is due. While a second route works, mail goes that way, but for
 * what may have been delivered already.
 */
const delayedSince = sql<
  string | null
>`case when ${messages.status} in ('queued', 'retrying') and ${messages.delivery} <> 'held' and ${messages.dueAt} <= now() then (
  select greatest(paused.opened_at, ${messages.dueAt}) from ${breakers} paused
  where paused.route = 'primary' and paused.state <> 'closed' and (${messages.mayHaveBeenDelivered} or not exists (
    select from ${breakers} second where second.route = 'fallback' and second.state = 'closed'))
) end`

/** The host of the second route, when the last try went that way. */
const routeHost = sql<string | null>`case when ${messages.status} in ('sent', 'retrying', 'dead') then (
  select case when e.detail->>'route' = 'fallback' then e.detail->>'host' end from ${messageEvents} e
  where e.message_id = ${messages.id} and e.event in ('sent', 'proven_sent', 'try_failed', 'dead')
  order by e.id desc limit 1
) end`

/** Only asked of what was given up: there it is told how many tries there were. */
const wasPutBack = sql<boolean>`(${messages.status} = 'dead' and exists (
  select from ${messageEvents} e where e.message_id = ${messages.id} and e.event = 'retried' and not e.detail ? 'triesKept'))`

function select(db: Executor) {
  return db
    .select({
      message: messages,
      dueLater: sql<boolean>`${messages.dueAt} > now()`,
      delayedSince,
      routeHost,
      wasPutBack,
      suppressedSince: suppressions.createdAt,
      kafkaFailedAt: outbox.kafkaFailedAt,
      attempt: outbox.attempt,
      heldAt: outbox.heldAt,
      partition: outbox.kafkaPartition,
      offset: outbox.kafkaOffset,
      userId: users.id,
      firstName: sql<string>`${users.firstName}`,
      userEmail: sql<string>`${users.email}`,
      isDisabled: sql<boolean>`${users.status} = 'disabled'`,
      userName: sql<string>`${users.firstName} || ' ' || ${users.lastName}`,
    })
    .from(messages)
    .leftJoin(outbox, and(eq(outbox.messageId, messages.id), eq(outbox.kind, 'send')))
    .leftJoin(users, eq(users.id, messages.userId))
    .leftJoin(
      suppressions,
      and(
        eq(messages.status, 'suppressed'),
        eq(suppressions.addressKey, sql`lower(${messages.toAddress})`),
        // Taken off and entered again since: not what stopped this one.
        lte(suppressions.createdAt, messages.closedAt),
      ),
    )
}
type Row = Awaited<ReturnType<typeof select>>[number]

const instant = (value: Date | null): string | null => value?.toISOString() ?? null

function toStored({ message, kafkaFailedAt, dueLater, ...row }: Row): StoredMessage {
  const shared = {
    status: message.status,
    dueAt: message.dueAt.toISOString(),
    sentAt: instant(message.sentAt),
    closedAt: instant(message.closedAt),
    deadReason: message.deadReason as DeadReason | null,
    waitingForKafkaSince: instant(kafkaFailedAt),
    delayedSince: row.delayedSince === null ? null : new Date(row.delayedSince).toISOString(),
    expiresAt: message.expiresAt.toISOString(),
    suppressedSince: instant(row.suppressedSince),
    lastCause: message.lastCause,
    delivery: message.delivery,
    routeHost: row.routeHost,
    wasPutBack: row.wasPutBack,
  }
  return {
    facts: {
      ...shared,
      retryCount: message.retryCount,
      maxRetries: message.maxRetries,
      mayHaveBeenDelivered: message.mayHaveBeenDelivered,
      lastReply: message.lastReply,
      dueLater,
    },
    item: {
      id: message.id,
      type: message.type,
      status: shared.status,
      to: message.toAddress,
      subject: message.subject,
      template: message.template,
      priority: priorityOfRank(message.priority),
      retry_count: message.retryCount,
      max_retries: message.maxRetries,
      created_at: message.createdAt.toISOString(),
      created_by: message.createdByName,
      due_at: shared.dueAt,
      sent_at: shared.sentAt,
      closed_at: shared.closedAt,
      dead_reason: shared.deadReason,
      may_have_been_delivered: message.mayHaveBeenDelivered,
      delivery: shared.delivery,
      last_reply: message.lastReply,
      last_cause: shared.lastCause,
      route_host: shared.routeHost,
      was_put_back: shared.wasPutBack,
      waiting_for_kafka_since: shared.waitingForKafkaSince,
      delayed_since: shared.delayedSince,
      expires_at: shared.expiresAt,
      suppressed_since: shared.suppressedSince,
    },
  }
}

/** These messages as they are now, the newest first, with whose they are; those that are gone are left out. */
export async function findMessages(
  db: Executor,
  ids: readonly string[],
): Promise<(StoredMessage & { userId: number | null })[]> {
  if (ids.length === 0) return []
  const rows = await select(db)
    .where(inArray(messages.id, [...ids]))
    .orderBy(desc(messages.id))
  return rows.map((row) => ({ ...toStored(row), userId: row.userId }))
}

/** The id of the message that has this one, here or at its producer; null when there is none. */
export async function findMessageId(db: Executor, id: string): Promise<string | null> {
  const [row] = await db.execute<{ id: string }>(sql`
    select id from messages where id = ${id} union all select id from messages where producer_id = ${id} limit 1`)
  return row?.id ?? null
}

export async function findMessageStory(db: Executor, id: string): Promise<StoredStory | null> {
  const [row] = await select(db).where(eq(messages.id, id))
  if (!row) return null
  const { message } = row
  const stored = await db
    .select()
    .from(messageEvents)
    .where(eq(messageEvents.messageId, id))
    .orderBy(asc(messageEvents.id))
  const events = stored.map((event) => ({
    at: event.at.toISOString(),
    event: event.event as MessageEventKind,
    detail: event.detail as EventDetail,
  }))
  const taken = events.findLast(({ event }) => event === 'sent' || event === 'proven_sent')
  // The try that is under way has no event yet: its hold tells of it.
  if (message.status === 'sending' && row.heldAt) {
    const place = { partition: row.partition ?? undefined, offset: row.offset ?? undefined }
    events.push({
      at: row.heldAt.toISOString(),
      event: 'sending',
      detail: { attempt: row.attempt ?? 1, ...place },
    })
  }
  return {
    ...toStored(row),
    more: {
      from: message.fromAddress,
      reply_to: message.replyTo,
      sensitive: message.sensitive,
      message_id_header: messageIdHeader(message.id, message.fromAddress),
      send_at: instant(message.sendAt),
      resend_of: message.resendOf,
      producer_id: message.producerId,
      route: taken ? (taken.detail.route ?? 'primary') : null,
      sent_again: await findSentAgain(db, events.findLast(({ event }) => event === 'resent')?.detail.otherId),
      user:
        row.userId === null
          ? null
          : {
              id: row.userId,
              name: row.userName,
              first_name: row.firstName,
              email: row.userEmail,
              is_disabled: row.isDisabled,
            },
    },
    data: message.data,
    events,
  }
}

async function findSentAgain(db: Executor, id: string | undefined): Promise<MessageView['sent_again']> {
  if (id === undefined) return null
  const [row] = await db
    .select({ id: messages.id, to: messages.toAddress, status: messages.status })
    .from(messages)
    .where(eq(messages.id, id))
  return row ?? null
}

/** What a mail is made of. Its secret is not here: nobody but the worker opens that. */
export async function findMailContent(db: Executor, id: string) {
  const { type, sensitive, template, data, subject, fromAddress, toAddress, replyTo, createdAt } = messages
  const [row] = await db
    .select({ type, sensitive, template, data, subject, fromAddress, toAddress, replyTo, createdAt })
    .from(messages)
    .where(eq(messages.id, id))
  return row ?? null
}
