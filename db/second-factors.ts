import { and, count, eq, isNotNull, isNull, lt, sql } from 'drizzle-orm'
import type { Executor, Transaction } from './client'
import { recoveryCodes, roleSettings, secondFactors } from './schema'

const now = sql`now()`

export type SecondFactor = { sealed: Buffer; confirmedAt: Date | null; now: Date }

/** With the time that Postgres has: codes are judged by one clock, whichever web process is asked. */
export async function findSecondFactor(db: Executor, userId: number): Promise<SecondFactor | null> {
  const [row] = await db
    .select({
      sealed: secondFactors.sealed,
      confirmedAt: secondFactors.confirmedAt,
      now: sql`now()`.mapWith(secondFactors.createdAt),
    })
    .from(secondFactors)
    .where(eq(secondFactors.userId, userId))
  return row ?? null
}

/** Takes the place of one that was never confirmed. @returns false when there is one in use */
export async function putUnconfirmed(tx: Transaction, userId: number, sealed: Buffer): Promise<boolean> {
  const fresh = { sealed, lastStep: 0, createdAt: now }
  const written = await tx
    .insert(secondFactors)
    .values({ userId, ...fresh })
    .onConflictDoUpdate({ target: secondFactors.userId, set: fresh, setWhere: isNull(secondFactors.confirmedAt) })
    .returning({ userId: secondFactors.userId })
  return written.length > 0
}

/** From here on it is asked for. @returns false when another one has taken its place, or it is in use already */
export async function confirmFactor(tx: Transaction, userId: number, sealed: Buffer, step: number): Promise<boolean> {
  const confirmed = await tx
    .update(secondFactors)
    .set({ confirmedAt: now, lastStep: step })
    .where(
      and(
        eq(secondFactors.userId, userId),
        eq(secondFactors.sealed, sealed),
        isNull(secondFactors.confirmedAt),
        lt(secondFactors.lastStep, step),
      ),
    )
    .returning({ userId: secondFactors.userId })
  return confirmed.length > 0
}

/** A code is spent: of two requests with the same one, only one gets true. */
export async function spendStep(tx: Transaction, userId: number, sealed: Buffer, step: number): Promise<boolean> {
  const used = await tx
    .update(secondFactors)
    .set({ lastStep: step })
    .where(
      and(
        eq(secondFactors.userId, userId),
        eq(secondFactors.sealed, sealed),
        isNotNull(secondFactors.confirmedAt),
        lt(secondFactors.lastStep, step),
      ),
    )
    .returning({ userId: secondFactors.userId })
  return used.length > 0
}

export async function removeSecondFactor(tx: Transaction, userId: number): Promise<boolean> {
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
  const removed = await tx
    .delete(secondFactors)
    .where(eq(secondFactors.userId, userId))
    .returning({ confirmedAt: secondFactors.confirmedAt })
  return Boolean(removed[0]?.confirmedAt)
}

export async function replaceRecoveryCodes(tx: Transaction, userId: number, hashes: Buffer[]): Promise<void> {
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
  await tx.insert(recoveryCodes).values(hashes.map((hash) => ({ userId, hash })))
}

/** A recovery code is spent: of two requests with the same one, only one gets true. */
export async function spendRecoveryCode(tx: Transaction, userId: number, hash: Buffer): Promise<boolean> {
  const used = await tx
    .update(recoveryCodes)
    .set({ usedAt: now })
    .where(and(eq(recoveryCodes.userId, userId), eq(recoveryCodes.hash, hash), isNull(recoveryCodes.usedAt)))
    .returning({ userId: recoveryCodes.userId })
  return used.length > 0
}

export async function countRecoveryCodes(db: Executor, userId: number): Promise<number> {
  const [row] = await db
    .select({ left: count() })
    .from(recoveryCodes)
    .where(and(eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAt)))
  return row?.left ?? 0
}

export async function readRoleSettings(db: Executor): Promise<(typeof roleSettings.$inferSelect)[]> {
  return await db.select().from(roleSettings)
}

export async function writeRoleSetting(
  tx: Transaction,
  setting: { role: 'supporter' | 'admin' | 'super_admin'; secondFactorRequired: boolean },
): Promise<void> {
  await tx.insert(roleSettings).values(setting).onConflictDoUpdate({ target: roleSettings.role, set: setting })
}
