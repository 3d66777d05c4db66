import { and, eq, sql } from 'drizzle-orm'
import type { Executor, Transaction } from './client'
import { setupLinks, users } from './schema'

const lacksSuperAdmin = sql`not exists (select from ${users} where ${users.role} = 'super_admin')`
const isLive = sql`${setupLinks.usedAt} is null and ${setupLinks.expiresAt} > now()`

/** Whoever makes the first super_admin, or a link for it, comes one after the other, in whichever process. */
export async function lockSetup(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('usual-store-setup'))`)
}

/** A super_admin who is disabled counts too: a link must not get round whoever disabled them. */
export async function hasSuperAdmin(db: Executor): Promise<boolean> {
  const [row] = await db.execute<{ lacks: boolean }>(sql`select ${lacksSuperAdmin} as lacks`)
  return row?.lacks === false
}

export async function hasLiveSetupLink(db: Executor): Promise<boolean> {
  const [row] = await db.select({ createdAt: setupLinks.createdAt }).from(setupLinks).where(isLive).limit(1)
  return row !== undefined
}

export async function insertSetupLink(tx: Transaction, tokenHash: Buffer): Promise<void> {
  await tx.insert(setupLinks).values({ tokenHash, expiresAt: sql`now() + interval '72 hours'` })
}

/** Whether it would work now. Only `spendSetupLink` says so for sure. */
export async function isSetupLinkGood(db: Executor, tokenHash: Buffer): Promise<boolean> {
  const [row] = await db
    .select({ createdAt: setupLinks.createdAt })
    .from(setupLinks)
    .where(and(eq(setupLinks.tokenHash, tokenHash), isLive, lacksSuperAdmin))
  return row !== undefined
}

/** Uses it up, if it works: one statement, so that of two requests only one gets true. */
export async function spendSetupLink(tx: Transaction, tokenHash: Buffer): Promise<boolean> {
  const used = await tx
    .update(setupLinks)
    .set({ usedAt: sql`now()` })
    .where(and(eq(setupLinks.tokenHash, tokenHash), isLive, lacksSuperAdmin))
    .returning({ usedAt: setupLinks.usedAt })
  return used.length > 0
}
