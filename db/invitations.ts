import { and, desc, eq, sql } from 'drizzle-orm'
import type { Executor } from './client'
import { messages } from './schema'

/** Long enough for a mail to arrive, so that nobody is sent three because the first took a moment. */
const cooldown = '60 seconds'

/**
 * When the invitation of a person can be sent again; null: now. The first one after the account was made waits for nothing,
 * and what was given up or cancelled is in nobody's way.
 */
export async function invitationOpensAt(db: Executor, userId: number): Promise<Date | null> {
  const [newest] = await db
    .select({
      status: messages.status,
      openAt: sql`${messages.createdAt} + ${cooldown}::interval`.mapWith(messages.createdAt),
      isOpen: sql<boolean>`${messages.createdAt} + ${cooldown}::interval <= now()`,
      isFirst: sql<boolean>`not exists (
        select from messages earlier where earlier.user_id = ${userId} and earlier.type = 'welcome' and earlier.id < messages.id)`,
    })
    .from(messages)
    .where(and(eq(messages.userId, userId), eq(messages.type, 'welcome')))
    .orderBy(desc(messages.id))
    .limit(1)
  if (!newest || newest.isOpen || newest.isFirst) return null
  return ['dead', 'cancelled', 'suppressed'].includes(newest.status) ? null : newest.openAt
}

/** The newest invitation of a person; null: none was asked for. */
export async function findNewestInvitation(db: Executor, userId: number): Promise<string | null> {
  const [newest] = await db
    .select({ id: messages.id })
    .from(messages)
    .where(and(eq(messages.userId, userId), eq(messages.type, 'welcome')))
    .orderBy(desc(messages.id))
    .limit(1)
  return newest?.id ?? null
}
