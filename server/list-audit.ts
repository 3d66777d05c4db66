import type { ListAuditQuery } from '@/core/audit-requests'
import type { AuditEntryView } from '@/core/views'
import { listAudit as findAudit } from '@/db/list-audit'
import type { Context } from './context'

export type AuditPage = { entries: AuditEntryView[]; next_cursor: string | null }

/** Newest first; `next_cursor` leads to older ones. */
export async function listAudit(
  { db }: Pick<Context, 'db'>,
  { cursor, limit, ...filter }: ListAuditQuery,
): Promise<AuditPage> {
  const found = await findAudit(db, { ...filter, olderThan: cursor, limit: limit + 1 })
  const entries = found.slice(0, limit)
  const last = entries.at(-1)
  return { entries, next_cursor: last && found.length > limit ? String(last.id) : null }
}
