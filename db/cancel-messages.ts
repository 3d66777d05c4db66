import { sql } from 'drizzle-orm'
import type { MessageType } from '@/core/message'
import type { Transaction } from './client'

/**
 * Cancels a person's mail that waits: its work goes, its secret is erased, its story says why. What a worker is sending at
 * this moment is left to it.
 *
 * All outbox rows of the person are locked, those being sent too, before any messages row, and both in message order: the
 * order of everybody, so that nobody waits in a circle.
 * @param types null: all kinds
 */
export async function cancelWaiting(
  tx: Transaction,
  cancel: { userId: number; types: readonly MessageType[] | null; by: string; reason: string },
): Promise<string[]> {
  const ofKind = cancel.types === null ? sql`true` : sql`m.type in ${cancel.types}`
  const detail = JSON.stringify({ by: cancel.by, reason: cancel.reason })
  const rows = await tx.execute<{ id: string }>(sql`
    with work as materialized (
      select o.id, o.message_id, o.hold
      from messages m join outbox o on o.message_id = m.id and o.kind = 'send'
      where m.user_id = ${cancel.userId} and ${ofKind}
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
      insert into message_events (message_id, event, detail) select id, 'cancelled', ${detail}::jsonb from free
    )
    select id from free`)
  return rows.map((row) => row.id)
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
