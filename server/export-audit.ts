import { auditActorWord, auditWord } from '@/core/audit-words'
import type { AuditFilter } from '@/core/audit-requests'
import type { AuditEntryView } from '@/core/views'
import { listAudit } from '@/db/list-audit'
import type { Context } from './context'
import { csvStream, exportPageSize } from './csv-stream'

const heads = [
  'At (UTC)',
  'Who',
  'Who (id)',
  'What',
  'Action',
  'Whom',
  'Whom (id)',
  'From address',
  'Before',
  'After',
  'More',
  'Request',
]

const cellsOf = (entry: AuditEntryView) => [
  entry.at,
  entry.actor_name ?? auditActorWord(entry.actor),
  entry.actor,
  auditWord(entry.action),
  entry.action,
  entry.target_name,
  entry.target,
  entry.address,
  jsonOf(entry.before),
  jsonOf(entry.after),
  jsonOf(entry.detail),
  entry.request_id,
]

const jsonOf = (value: Record<string, unknown> | null): string =>
  value === null || Object.keys(value).length === 0 ? '' : JSON.stringify(value)

/** All rows of a filter as CSV, newest first. */
export const exportAudit = (
  { db, log }: Pick<Context, 'db' | 'log'>,
  filter: AuditFilter,
  caller: { requestId: string; mayStill: () => Promise<boolean> },
): ReadableStream<Uint8Array> =>
  csvStream<AuditEntryView, number>(
    { log },
    {
      name: 'the audit log',
      ...caller,
      heads,
      cellsOf,
      async readPage(olderThan) {
        const rows = await listAudit(db, { ...filter, olderThan, limit: exportPageSize })
        return { rows, goOnAfter: rows.length < exportPageSize ? null : (rows.at(-1)?.id ?? null) }
      },
    },
  )
