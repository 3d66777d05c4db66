import { sql, type SQL } from 'drizzle-orm'
import type { MessageType } from '@/core/message'
import type { Transaction } from './client'

/**
 * Cancels mail that waits: its work goes, its secret is erased, its story says why. What a worker is sending at this moment
 * is left to it.
 *
 * All outbox rows are locked, those being sent too, before any messages row, and both in message order: the order of
 * everybody, so that nobody waits in a circle.
 * @param which of the messages `m`
 * @returns the ids of those that were cancelled
 */
async function cancel(tx: Transaction, which: SQL, said: { by: string; reason?: string }): Promise<string[]> {
  const rows = await tx.execute<{ id: string }>(sql`
    with work as materialized (
      select o.id, o.message_id, o.hold
      from messages m join outbox o on o.message_id = m.id and o.kind = 'send'
      where ${which}
      order by o.message_id
      for update of o
    ), gone as (
      delete from outbox o using work where o.id = work.id and work.hold is null
    ), free as materialized (
      select m.id from messages m join work on work.message_id = m.id and work.hold is null
      order by m.id
      for update of m
    ), said as (
      update messages m set status = 'cancelled', closed_at = now() from free where m.id = free.id
    ), erased as (
      delete from message_secrets s using free where s.message_id = free.id
    ), story as (
      insert into message_events (message_id, event, detail) select id, 'cancelled', ${JSON.stringify(said)}::jsonb from free
    )
    select id from free`)
  return rows.map((row) => row.id)
}

/** @param types of the person's mail; null: all kinds */
export function cancelWaiting(
  tx: Transaction,
  { userId, types, ...said }: { userId: number; types: readonly MessageType[] | null; by: string; reason: string },
): Promise<string[]> {
  const ofKind = types === null ? sql`true` : sql`m.type in ${types}`
  return cancel(tx, sql`m.user_id = ${userId} and ${ofKind}`, said)
}

/** @returns whether it was cancelled: it has to wait, and nobody may hold it */
export async function cancelOne(tx: Transaction, { id, by }: { id: string; by: string }): Promise<boolean> {
  return (await cancel(tx, sql`m.id = ${id}`, { by })).length > 0
}

/**
 * Erases what is sealed of a person's mail, whatever became of it. Before the account goes: afterwards nobody knows whose it
 * was. The messages are locked first, as everywhere, so that a late proof of acceptance does not wait in a circle.
 */
export async function eraseSecretsOf(tx: Transaction, userId: number): Promise<void> {
  await tx.execute(sql`
    with theirs as materialized (select id from messages where user_id = ${userId} order by id for update)
    delete from message_secrets s using theirs where s.message_id = theirs.id`)
}
