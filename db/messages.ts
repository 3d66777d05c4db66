import { and, asc, desc, eq, ilike, inArray, lt, or, sql } from 'drizzle-orm'
import { messageIdHeader, priorityOfRank, type DeadReason } from '@/core/message'
import type { ListMessagesQuery } from '@/core/requests'
import type { EventDetail, MessageFacts } from '@/core/sentences'
import type { MessageEventKind, MessageListItem, MessageView } from '@/core/views'
import type { Executor } from './client'
import { messageEvents, messages, outbox, users } from './schema'
import { containing } from './users'

/** A message as it is stored, with what its work row knows; the sentences are made from `facts` by whoever shows it. */
export type StoredMessage = { item: Omit<MessageListItem, 'summary'>; facts: MessageFacts }
export type StoredStory = StoredMessage & {
  more: Omit<MessageView, keyof MessageListItem | 'timeline'>
  events: { at: string; event: MessageEventKind; detail: EventDetail }[]
}

function select(db: Executor) {
  return db
    .select({
      message: messages,
      dueLater: sql<boolean>`${messages.dueAt} > now()`,
      kafkaFailedAt: outbox.kafkaFailedAt,
      attempt: outbox.attempt,
      heldAt: outbox.heldAt,
      partition: outbox.kafkaPartition,
      offset: outbox.kafkaOffset,
      userId: users.id,
      userName: sql<string>`${users.firstName} || ' ' || ${users.lastName}`,
    })
    .from(messages)
    .leftJoin(outbox, and(eq(outbox.messageId, messages.id), eq(outbox.kind, 'send')))
    .leftJoin(users, eq(users.id, messages.userId))
}
type Row = Awaited<ReturnType<typeof select>>[number]

const instant = (value: Date | null): string | null => value?.toISOString() ?? null

function toStored({ message, kafkaFailedAt, dueLater }: Row): StoredMessage {
  const shared = {
    status: message.status,
    dueAt: message.dueAt.toISOString(),
    sentAt: instant(message.sentAt),
    closedAt: instant(message.closedAt),
    deadReason: message.deadReason as DeadReason | null,
    waitingForKafkaSince: instant(kafkaFailedAt),
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
      due_at: shared.dueAt,
      sent_at: shared.sentAt,
      closed_at: shared.closedAt,
      dead_reason: shared.deadReason,
      may_have_been_delivered: message.mayHaveBeenDelivered,
      last_reply: message.lastReply,
      waiting_for_kafka_since: shared.waitingForKafkaSince,
    },
  }
}

/** Newest first. Ids are in the order of time (UUID version 7), so an id is the cursor. */
export async function listMessages(db: Executor, query: ListMessagesQuery): Promise<StoredMessage[]> {
  const rows = await select(db)
    .where(
      and(
        query.cursor ? lt(messages.id, query.cursor) : undefined,
        query.status ? inArray(messages.status, query.status) : undefined,
        query.type ? eq(messages.type, query.type) : undefined,
        query.template ? eq(messages.template, query.template) : undefined,
        query.to ? ilike(messages.toAddress, containing(query.to)) : undefined,
        query.search
          ? or(ilike(messages.subject, containing(query.search)), ilike(messages.toAddress, containing(query.search)))
          : undefined,
      ),
    )
    .orderBy(desc(messages.id))
    .limit(query.limit)
  return rows.map(toStored)
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
      created_by: message.createdByName,
      message_id_header: messageIdHeader(message.id, message.fromAddress),
      user: row.userId === null ? null : { id: row.userId, name: row.userName },
    },
    events,
  }
}
