import { eq, sql } from 'drizzle-orm'
import type { Executor, Transaction } from './client'
import { messageEvents, messages, messageSecrets } from './schema'

/** A message as whoever is about to act on it needs it, and what is sealed of it. */
export type LockedMessage = typeof messages.$inferSelect & { sealed: Buffer | null }

/** Whose account it is about, which has to be locked first of all; null: nobody's, or there is no such message. */
export async function findAccountOf(db: Executor, id: string): Promise<number | null> {
  const [row] = await db.select({ userId: messages.userId }).from(messages).where(eq(messages.id, id))
  return row?.userId ?? null
}

/**
 * Locks all that there is of a message, in the order of everybody: the work (and the notice) first, then the message. As
 * long as the transaction runs, no worker can hold or settle it.
 */
export async function lockMessage(tx: Transaction, id: string): Promise<LockedMessage | null> {
  await tx.execute(sql`select id from outbox where message_id = ${id} order by id for update`)
  const [message] = await tx.select().from(messages).where(eq(messages.id, id)).for('update')
  if (!message) return null
  const [secret] = await tx.select().from(messageSecrets).where(eq(messageSecrets.messageId, id)).for('update')
  return { ...message, sealed: secret?.sealed ?? null }
}

/** The same, for whoever only wants to know what could be done with it now; it may have changed a moment later. */
export async function findToActOn(db: Executor, id: string): Promise<LockedMessage | null> {
  const [row] = await db
    .select({ message: messages, sealed: messageSecrets.sealed })
    .from(messages)
    .leftJoin(messageSecrets, eq(messageSecrets.messageId, messages.id))
    .where(eq(messages.id, id))
  return row ? { ...row.message, sealed: row.sealed } : null
}

/** The old message's story leads to the new one. */
export async function noteResent(tx: Transaction, sent: { id: string; otherId: string; by: string }): Promise<void> {
  const { id, ...detail } = sent
  await tx.insert(messageEvents).values({ messageId: id, event: 'resent', detail })
}

/** The same for every invitation of a person that was given up: the new one takes their place. */
export async function noteReplaced(
  tx: Transaction,
  { userId, by, otherId }: { userId: number; by: string; otherId: string },
): Promise<void> {
  await tx.execute(sql`
    insert into message_events (message_id, event, detail)
    select id, 'resent', jsonb_build_object('by', ${by}::text, 'otherId', ${otherId}::text) from messages
    where user_id = ${userId} and type = 'welcome' and status = 'dead'`)
}

/**
 * Puts a dead message back with all its tries. Its notice goes if nobody has published it yet; one that stands on email-dlq
 * stays true as history. That it may have been delivered stays true as well. The tries begin again at 1: a record of an
 * earlier try 1 that comes late only rings for it, as any other.
 *
 * The message must be locked.
 * @param isForRelay the record is not published by this request
 */
export async function putBack(
  tx: Transaction,
  back: { id: string; by: string; lifeMinutes: number; isForRelay: boolean },
): Promise<{ attempt: number }> {
  await tx.execute(sql`
    with notice as (
      delete from outbox where message_id = ${back.id} and kind = 'dead_letter'
    ), said as (
      update messages
      set status = 'queued', retry_count = 0, crashes = 0, outages = 0, due_at = now(), closed_at = null, dead_reason = null,
          expires_at = now() + ${back.lifeMinutes}::int * interval '1 min'
      where id = ${back.id}
      returning id, priority
    ), work as (
      insert into outbox (kind, message_id, priority, ring_at, rings)
      select 'send', id, priority, ${ringAt(back.isForRelay)}, ${back.isForRelay ? 0 : 1} from said
    ), story as (
      insert into message_events (message_id, event, detail)
      select id, 'retried', jsonb_build_object('by', ${back.by}::text) from said
    )
    ${wakeRelay(back.isForRelay)}`)
  return { attempt: 1 }
}

/** Makes the next try due at once; the tries before still count. The message must be locked, and wait for its next try. */
export async function makeDueNow(
  tx: Transaction,
  { id, by, isForRelay }: { id: string; by: string; isForRelay: boolean },
): Promise<{ attempt: number }> {
  const [work] = await tx.execute<{ attempt: number }>(sql`
    with work as (
      update outbox set due_at = now(), ring_at = ${ringAt(isForRelay)}, rings = ${isForRelay ? 0 : 1}, kafka_failed_at = null
      where message_id = ${id} and kind = 'send'
      returning message_id, attempt
    ), said as (
      update messages m set due_at = now() from work where m.id = work.message_id
    ), story as (
      insert into message_events (message_id, event, detail)
      select message_id, 'retried', jsonb_build_object('by', ${by}::text, 'triesKept', true) from work
    ), woken as (
      ${wakeRelay(isForRelay)}
    )
    select attempt from work left join woken on true`)
  if (!work) throw new Error(`Message ${id} waits for its next try, but its work is gone`)
  return work
}

/**
 * Lets a held message go: it is due at its time, or now, and its life begins then. The message must be locked, and held.
 * @returns whether its time is still to come
 */
export async function letGo(
  tx: Transaction,
  { id, by, lifeMinutes, isForRelay }: { id: string; by: string; lifeMinutes: number; isForRelay: boolean },
): Promise<{ attempt: number; isLater: boolean }> {
  const [work] = await tx.execute<{ attempt: number; isLater: boolean }>(sql`
    with said as (
      update messages
      set delivery = 'send', due_at = greatest(due_at, now()), send_at = greatest(due_at, now()),
          expires_at = greatest(due_at, now()) + ${lifeMinutes}::int * interval '1 min'
      where id = ${id}
      returning id, due_at
    ), work as (
      update outbox o
      set due_at = said.due_at, rings = ${isForRelay ? 0 : 1},
          ring_at = case when said.due_at > now() then said.due_at else ${ringAt(isForRelay)} end
      from said where o.message_id = said.id and o.kind = 'send'
      returning o.attempt, said.due_at > now() as "isLater"
    ), story as (
      insert into message_events (message_id, event, detail)
      select id, 'let_go', jsonb_build_object('by', ${by}::text) from said
    ), woken as (
      ${wakeRelay(isForRelay)}
    )
    select attempt, "isLater" from work left join woken on true`)
  if (!work) throw new Error(`Message ${id} is held, but its work is gone`)
  return work
}

/** As when a message is accepted: the request publishes it, and the relay comes after it; or the relay alone does. */
const ringAt = (isForRelay: boolean) => (isForRelay ? sql`now()` : sql`now() + interval '30 seconds'`)
const wakeRelay = (isForRelay: boolean) => (isForRelay ? sql`select pg_notify('outbox', '')` : sql`select 1`)
