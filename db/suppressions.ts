import { and, desc, eq, ilike, or, sql } from 'drizzle-orm'
import { sameAddressKey } from '@/core/address'
import type { ListSuppressionsQuery } from '@/core/suppression-requests'
import type { SuppressionView } from '@/core/views'
import type { Executor, Transaction } from './client'
import { containing } from './pattern'
import { suppressions } from './schema'

type Row = typeof suppressions.$inferSelect

const toView = (row: Row): SuppressionView => ({
  address: row.address,
  reason: row.reason,
  note: row.note,
  message_id: row.messageId,
  added_by: row.createdByName,
  added_at: row.createdAt.toISOString(),
})

const exactCreatedAt = sql<string>`to_char(${suppressions.createdAt} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** Newest first, each with its place in the list. */
export async function listSuppressions(
  db: Executor,
  { search, cursor, limit }: ListSuppressionsQuery,
): Promise<{ view: SuppressionView; place: [string, string] }[]> {
  const rows = await db
    .select({ row: suppressions, at: exactCreatedAt })
    .from(suppressions)
    .where(
      and(
        search
          ? or(ilike(suppressions.address, containing(search)), ilike(suppressions.note, containing(search)))
          : undefined,
        cursor
          ? sql`(${suppressions.createdAt}, ${suppressions.addressKey}) < (${cursor[0]}::timestamptz, ${cursor[1]})`
          : undefined,
      ),
    )
    .orderBy(desc(suppressions.createdAt), desc(suppressions.addressKey))
    .limit(limit)
  return rows.map(({ row, at }) => ({ view: toView(row), place: [at, row.addressKey] }))
}

/** Enters an address by hand. One that is there already stays as it is: why it came first is worth more. */
export async function addSuppression(
  tx: Transaction,
  entry: { address: string; note: string | null; createdByName: string },
): Promise<{ view: SuppressionView; isNew: boolean }> {
  const addressKey = sameAddressKey(entry.address)
  const [added] = await tx
    .insert(suppressions)
    .values({ ...entry, addressKey, reason: 'manual' })
    .onConflictDoNothing()
    .returning()
  if (added) return { view: toView(added), isNew: true }
  const [there] = await tx.select().from(suppressions).where(eq(suppressions.addressKey, addressKey))
  if (there) return { view: toView(there), isNew: false }
  // Removed between the two statements.
  return addSuppression(tx, entry)
}

export async function isSuppressed(db: Executor, address: string): Promise<boolean> {
  return (await db.$count(suppressions, eq(suppressions.addressKey, sameAddressKey(address)))) > 0
}

export async function removeSuppression(tx: Transaction, address: string): Promise<SuppressionView | null> {
  const [row] = await tx
    .delete(suppressions)
    .where(eq(suppressions.addressKey, sameAddressKey(address)))
    .returning()
  return row ? toView(row) : null
}
