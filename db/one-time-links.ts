import { randomUUID } from 'node:crypto'
import type { LinkState, LinkView } from '@/core/views'
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Executor, Transaction } from './client'
import { messages, oneTimeLinks, users } from './schema'

export type Link = { userId: number; state: LinkState; expiresAt: Date; openedAt: Date | null; usedAt: Date | null }

/** A newer mail that is held or only pretended reaches nobody, so it ends no link. */
function selectLinks(db: Executor) {
  return db
    .select({
      userId: oneTimeLinks.userId,
      expiresAt: oneTimeLinks.expiresAt,
      openedAt: oneTimeLinks.openedAt,
      usedAt: oneTimeLinks.usedAt,
      used: sql<boolean>`${oneTimeLinks.usedAt} is not null`,
      expired: sql<boolean>`${oneTimeLinks.expiresAt} <= now()`,
      disabled: sql<boolean>`${users.status} <> 'active'`,
      passwordChanged: sql<boolean>`coalesce(${users.passwordChangedAt} >= coalesce(${messages.createdAt}, ${oneTimeLinks.createdAt}), false)`,
      addressChanged: sql<boolean>`coalesce(lower(${messages.toAddress}) <> lower(${users.email}), false)`,
      replaced: sql<boolean>`exists (
        select from messages newer
        where newer.user_id = ${messages.userId} and newer.type = ${messages.type} and newer.id > ${messages.id}
          and newer.delivery = 'send'
      )`,
    })
    .from(oneTimeLinks)
    .leftJoin(messages, eq(messages.id, oneTimeLinks.messageId))
    .innerJoin(users, eq(users.id, oneTimeLinks.userId))
}

function toLink(row: Awaited<ReturnType<typeof selectLinks>>[number]): Link {
  const state = row.used
    ? 'used'
    : row.passwordChanged
      ? 'password_changed'
      : row.replaced
        ? 'replaced'
        : row.addressChanged
          ? 'address_changed'
          : row.expired
            ? 'expired'
            : row.disabled
              ? 'disabled'
              : 'works'
  const { userId, expiresAt, openedAt, usedAt } = row
  return { userId, state, expiresAt, openedAt, usedAt }
}

/**
 * Whose link it is and whether it still works. The answer only holds while the account is locked.
 * All links of one message work until one is used; that ends them all, because the password has changed since. One that came
 * with no message was made on the server itself.
 */
export async function findLink(db: Executor, tokenHash: Buffer): Promise<Link | null> {
  const [row] = await selectLinks(db).where(eq(oneTimeLinks.tokenHash, tokenHash))
  return row ? toLink(row) : null
}

/**
 * What is known of the links that a message carried, one for each try: the one that was used, or else opened, or else the
 * newest. Null: it carried none.
 */
export async function findLinkOfMessage(
  db: Executor,
  { userId, messageId }: { userId: number; messageId: string },
): Promise<Link | null> {
  const [row] = await selectLinks(db)
    .where(and(eq(oneTimeLinks.userId, userId), eq(oneTimeLinks.messageId, messageId)))
    .orderBy(
      sql`${oneTimeLinks.usedAt} nulls last, ${oneTimeLinks.openedAt} nulls last, ${oneTimeLinks.createdAt} desc`,
    )
    .limit(1)
  return row ? toLink(row) : null
}

export const linkView = ({ state, expiresAt, openedAt, usedAt }: Link): LinkView => ({
  state,
  expires_at: expiresAt.toISOString(),
  opened_at: openedAt?.toISOString() ?? null,
  used_at: usedAt?.toISOString() ?? null,
})

/** The first time counts. */
export async function markLinkOpened(tx: Transaction, tokenHash: Buffer): Promise<{ userId: number } | null> {
  const [row] = await tx
    .update(oneTimeLinks)
    .set({ openedAt: sql`now()` })
    .where(and(eq(oneTimeLinks.tokenHash, tokenHash), isNull(oneTimeLinks.openedAt)))
    .returning({ userId: oneTimeLinks.userId })
  return row ?? null
}

/** A link that no mail carries. */
export async function insertOwnLink(
  tx: Transaction,
  { tokenHash, userId, lifeHours }: { tokenHash: Buffer; userId: number; lifeHours: number },
): Promise<void> {
  const expiresAt = sql`now() + ${lifeHours}::int * interval '1 hour'`
  await tx.insert(oneTimeLinks).values({ tokenHash, userId, messageId: randomUUID(), expiresAt })
}

export async function markLinkUsed(tx: Transaction, tokenHash: Buffer): Promise<void> {
  await tx
    .update(oneTimeLinks)
    .set({ usedAt: sql`now()` })
    .where(eq(oneTimeLinks.tokenHash, tokenHash))
}

/**
 * Ends every link of a person for good: that they were disabled, or had another address, does not come undone. None is minted
 * meanwhile, because the account is locked (db/mint-link.ts).
 * @returns how many would still have worked
 */
export async function endLinks(tx: Transaction, userId: number): Promise<number> {
  const ended = await tx
    .update(oneTimeLinks)
    .set({ expiresAt: sql`now()` })
    .where(and(eq(oneTimeLinks.userId, userId), isNull(oneTimeLinks.usedAt), sql`${oneTimeLinks.expiresAt} > now()`))
    .returning({ messageId: oneTimeLinks.messageId })
  return ended.length
}
