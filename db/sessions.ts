import { and, desc, eq, ne, sql } from 'drizzle-orm'
import type { Executor, Sql, Transaction } from './client'
import { roleSettings, secondFactors, sessions, users } from './schema'
import type { User } from './users'

const now = sql`now()`
const life = sql`interval '8 hours'`
const rest = sql`interval '60 minutes'`
const isLive = sql`${sessions.expiresAt} > now() and ${sessions.seenAt} > now() - ${rest}`
const isOver = sql`not (${isLive})`

/** Where somebody has signed in from. */
export type SignedInFrom = { address: string; userAgent: string }

/** Writes a new session, and removes those of the same person that have run out. */
export async function insertSession(tx: Transaction, id: string, userId: number, from: SignedInFrom): Promise<void> {
  await tx.delete(sessions).where(and(eq(sessions.userId, userId), isOver))
  await tx.insert(sessions).values({ id, userId, ...from, expiresAt: sql`now() + ${life}` })
}

/** What stands in a cookie: which session, whose, and begun under which version. */
export type SessionKey = { sessionId: string; userId: number; sessionVersion: number }

/**
 * The account behind a session, as it is now: gone, disabled, signed out or rested for too long is nobody.
 * `lacksFactor`: its role must have a second factor, and it has none. `isUnnoted`: nobody has noted for a minute that they are here.
 */
export async function findUserOfSession(
  db: Executor,
  key: SessionKey,
): Promise<{ user: User; lacksFactor: boolean; isUnnoted: boolean } | null> {
  const [row] = await db
    .select({
      user: users,
      lacksFactor: sql<boolean>`coalesce(${roleSettings.secondFactorRequired}, false) and ${secondFactors.confirmedAt} is null`,
      isUnnoted: sql<boolean>`${sessions.seenAt} < now() - interval '1 minute'`,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .leftJoin(secondFactors, eq(secondFactors.userId, users.id))
    .leftJoin(roleSettings, eq(roleSettings.role, users.role))
    .where(
      and(
        eq(sessions.id, key.sessionId),
        isLive,
        eq(users.id, key.userId),
        eq(users.sessionVersion, key.sessionVersion),
        eq(users.status, 'active'),
      ),
    )
  return row ?? null
}

/** Moves the time that they were last here; of many requests at once only one writes. */
export async function noteSeen(db: Executor, sessionId: string): Promise<void> {
  await db
    .update(sessions)
    .set({ seenAt: now })
    .where(and(eq(sessions.id, sessionId), sql`${sessions.seenAt} < now() - interval '1 minute'`))
}

/** The live sessions of a person, the one that was used last first. */
export async function listSessions(db: Executor, userId: number): Promise<(typeof sessions.$inferSelect)[]> {
  return await db
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, userId), isLive))
    .orderBy(desc(sessions.seenAt), sessions.id)
}

/** @returns false when it is not theirs, or has ended already */
export async function endSession(tx: Transaction, userId: number, sessionId: string): Promise<boolean> {
  const ended = await tx
    .delete(sessions)
    .where(and(eq(sessions.userId, userId), eq(sessions.id, sessionId)))
    .returning({ isLive: sql<boolean>`${isLive}` })
  return ended[0]?.isLive ?? false
}

/** @returns how many were still live */
export async function endOtherSessions(tx: Transaction, userId: number, keptId: string): Promise<number> {
  const ended = await tx
    .delete(sessions)
    .where(and(eq(sessions.userId, userId), ne(sessions.id, keptId)))
    .returning({ isLive: sql<boolean>`${isLive}` })
  return ended.filter((session) => session.isLive).length
}

/**
 * Ends every session of a person at once. The version is raised too: a session that is being begun at this moment, from what
 * was true a moment ago, ends with the others.
 * @returns how many were live
 */
export async function endEverySession(tx: Transaction, userId: number): Promise<number> {
  await tx
    .update(users)
    .set({ sessionVersion: sql`${users.sessionVersion} + 1` })
    .where(eq(users.id, userId))
  const ended = await tx
    .delete(sessions)
    .where(eq(sessions.userId, userId))
    .returning({ isLive: sql<boolean>`${isLive}` })
  return ended.filter((session) => session.isLive).length
}

/** Housekeeping: sessions of people who did not come back. */
export async function eraseOldSessions(sql: Sql): Promise<number> {
  // By its end alone: the worker may read no more of a session.
  const erased = await sql`delete from sessions where expires_at < now()`
  return erased.count
}
