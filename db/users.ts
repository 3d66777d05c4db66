import { and, asc, desc, eq, getTableColumns, inArray, notInArray, or, sql } from 'drizzle-orm'
import type { Role } from '@/core/roles'
import type { UserView } from '@/core/views'
import type { Executor, Transaction } from './client'
import { messages, sessions, users } from './schema'

export type User = typeof users.$inferSelect

const now = sql`now()`
const hasAddress = (email: string) => sql`lower(${users.email}) = lower(${email})`

/** The unique index that keeps one account per address. */
export const oneAccountPerAddress = 'users_email_key'

/** A first password was mailed, and is known to whoever gave it: it opens nothing after this. */
const firstPasswordLife = sql`interval '72 hours'`

export async function insertUser(
  tx: Transaction,
  user: { firstName: string; lastName: string; email: string; role: Role; createdByName: string } & (
    | { passwordHash: string; mustChangePassword: true }
    | { passwordHash: null; mustChangePassword: false }
    /** Chosen by themselves, at the set-up. */
    | { passwordHash: string; mustChangePassword: false }
  ),
): Promise<number> {
  const firstPasswordExpiresAt = user.mustChangePassword ? sql`now() + ${firstPasswordLife}` : null
  const [row] = await tx
    .insert(users)
    .values({ ...user, firstPasswordExpiresAt })
    .returning({ id: users.id })
  if (!row) throw new Error('The user was not written')
  return row.id
}

/** Locks the account first of all: whatever else belongs to it is locked after it. */
export async function lockUser(tx: Transaction, id: number): Promise<User | null> {
  const [user] = await tx.select().from(users).where(eq(users.id, id)).for('update')
  return user ?? null
}

export async function lockUserByAddress(tx: Transaction, email: string): Promise<User | null> {
  const [user] = await tx.select().from(users).where(hasAddress(email)).for('update')
  return user ?? null
}

/**
 * The account together with every active super_admin, all locked, in id order: two requests that would each remove one of
 * the last two come one after the other, and the second sees what the first did.
 */
export async function lockUserAndSuperAdmins(
  tx: Transaction,
  id: number,
): Promise<{ user: User | null; activeSuperAdmins: number }> {
  const isActiveSuperAdmin = and(eq(users.role, 'super_admin'), eq(users.status, 'active'))
  const rows = await tx
    .select()
    .from(users)
    .where(or(isActiveSuperAdmin, eq(users.id, id)))
    .orderBy(asc(users.id))
    .for('update')
  return {
    user: rows.find((row) => row.id === id) ?? null,
    activeSuperAdmins: rows.filter((row) => row.role === 'super_admin' && row.status === 'active').length,
  }
}

/** Every active super_admin but these, kept in place until the end of the transaction, in id order as everywhere. */
export async function lockOtherSuperAdmins(tx: Transaction, butIds: readonly number[]): Promise<User[]> {
  return await tx
    .select()
    .from(users)
    .where(and(eq(users.role, 'super_admin'), eq(users.status, 'active'), notInArray(users.id, [...butIds])))
    .orderBy(asc(users.id))
    .for('key share')
}

/** Writes what is given and leaves the rest. */
export async function updateUser(
  tx: Transaction,
  id: number,
  changes: Partial<Pick<User, 'firstName' | 'lastName' | 'email' | 'role' | 'status'>>,
  { voidsFirstPassword }: { voidsFirstPassword: boolean },
): Promise<void> {
  await tx
    .update(users)
    .set({
      ...changes,
      ...(voidsFirstPassword && { passwordHash: null, mustChangePassword: false, firstPasswordExpiresAt: null }),
    })
    .where(eq(users.id, id))
}

export async function removeUser(tx: Transaction, id: number): Promise<void> {
  await tx.delete(users).where(eq(users.id, id))
}

/** A password of their own: ends the duty to change it, every link that was asked for before, and every session. */
export async function storeOwnPassword(tx: Transaction, id: number, passwordHash: string): Promise<number> {
  const [row] = await tx
    .update(users)
    .set({
      passwordHash,
      passwordChangedAt: now,
      mustChangePassword: false,
      firstPasswordExpiresAt: null,
      sessionVersion: sql`${users.sessionVersion} + 1`,
    })
    .where(eq(users.id, id))
    .returning({ sessionVersion: users.sessionVersion })
  if (!row) throw new Error(`User ${id} is gone`)
  await tx.delete(sessions).where(eq(sessions.userId, id))
  return row.sessionVersion
}

export async function findUser(db: Executor, id: number): Promise<User | null> {
  const [user] = await db.select().from(users).where(eq(users.id, id))
  return user ?? null
}

export async function findUserByAddress(
  db: Executor,
  email: string,
): Promise<(User & { isFirstPasswordOver: boolean }) | null> {
  const isFirstPasswordOver = sql<boolean>`coalesce(${users.firstPasswordExpiresAt} <= now(), false)`
  const [user] = await db
    .select({ ...getTableColumns(users), isFirstPasswordOver })
    .from(users)
    .where(hasAddress(email))
  return user ?? null
}

export async function noteSignIn(tx: Transaction, id: number): Promise<void> {
  await tx
    .update(users)
    .set({ lastSignInAt: now, firstSignInAt: sql`coalesce(${users.firstSignInAt}, now())` })
    .where(eq(users.id, id))
}

/** Each person with the mail that was written to them last. */
function selectViews(db: Executor) {
  const lastMail = db
    .select({
      id: messages.id,
      status: messages.status,
      mayHaveBeenDelivered: messages.mayHaveBeenDelivered,
      delivery: messages.delivery,
      at: sql`coalesce(${messages.sentAt}, ${messages.closedAt}, ${messages.createdAt})`
        .mapWith(messages.createdAt)
        .as('at'),
    })
    .from(messages)
    .where(eq(messages.userId, users.id))
    .orderBy(desc(messages.id))
    .limit(1)
    .as('last_mail')
  return db
    .select({
      id: users.id,
      firstName: users.firstName,
      lastName: users.lastName,
      email: users.email,
      role: users.role,
      status: users.status,
      createdAt: users.createdAt,
      createdByName: users.createdByName,
      lastSignInAt: users.lastSignInAt,
      hasPassword: sql<boolean>`${users.passwordHash} is not null`,
      mustChangePassword: users.mustChangePassword,
      firstPasswordExpiresAt: users.firstPasswordExpiresAt,
      mailId: lastMail.id,
      mailStatus: lastMail.status,
      mailFlagged: lastMail.mayHaveBeenDelivered,
      mailDelivery: lastMail.delivery,
      mailAt: lastMail.at,
    })
    .from(users)
    .leftJoinLateral(lastMail, sql`true`)
}

function toView(row: Awaited<ReturnType<typeof selectViews>>[number]): UserView {
  return {
    id: row.id,
    first_name: row.firstName,
    last_name: row.lastName,
    email: row.email,
    role: row.role,
    status: row.status,
    created_at: row.createdAt.toISOString(),
    created_by: row.createdByName,
    last_sign_in_at: row.lastSignInAt?.toISOString() ?? null,
    has_password: row.hasPassword,
    must_change_password: row.mustChangePassword,
    first_password_expires_at: row.firstPasswordExpiresAt?.toISOString() ?? null,
    last_mail:
      row.mailId && row.mailStatus && row.mailAt
        ? {
            id: row.mailId,
            status: row.mailStatus,
            may_have_been_delivered: row.mailFlagged ?? false,
            delivery: row.mailDelivery ?? 'send',
            at: row.mailAt.toISOString(),
          }
        : null,
  }
}

export async function findUserView(db: Executor, id: number): Promise<UserView | null> {
  const [row] = await selectViews(db).where(eq(users.id, id))
  return row ? toView(row) : null
}

/** The people of these ids, in the order of the ids. */
export async function findUserViews(db: Executor, ids: readonly number[]): Promise<UserView[]> {
  if (ids.length === 0) return []
  const rows = await selectViews(db).where(inArray(users.id, [...ids]))
  const views = new Map(rows.map((row) => [row.id, toView(row)]))
  return ids.flatMap((id) => views.get(id) ?? [])
}
