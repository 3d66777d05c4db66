import { auditActorWord, auditWord } from '@/core/audit-words'
import { csvBegin, csvLine } from '@/core/csv'
import type { AuditFilter } from '@/core/requests'
import type { AuditEntryView } from '@/core/views'
import { listAudit } from '@/db/list-audit'
import type { Context } from './context'
import { inTime, withoutParameters } from './failures'

/** Rows that are read, and held, at once. */
const pageSize = 500

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

const lineOf = (entry: AuditEntryView): string =>
  csvLine([
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
  ])

const jsonOf = (value: Record<string, unknown> | null): string =>
  value === null || Object.keys(value).length === 0 ? '' : JSON.stringify(value)

/**
 * All rows of a filter as CSV, newest first. A page is only read when the caller has taken the one before, so a large log
 * costs no more memory than a small one. What is written meanwhile is newer than the first page, and so is not among them.
 *
 * A failure in the middle breaks the line: nobody takes half a log for a whole one.
 */
export function exportAudit(
  { db, log }: Pick<Context, 'db' | 'log'>,
  filter: AuditFilter,
  requestId: string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let olderThan: number | undefined
  let head = csvBegin + csvLine(heads)
  return new ReadableStream<Uint8Array>(
    {
      async pull(stream) {
        try {
          const page = await inTime(listAudit(db, { ...filter, olderThan, limit: pageSize }))
          const text = head + page.map(lineOf).join('')
          head = ''
          olderThan = page.at(-1)?.id
          if (text !== '') stream.enqueue(encoder.encode(text))
          if (page.length < pageSize) stream.close()
        } catch (error) {
          log.error({ requestId, err: withoutParameters(error) }, 'An export of the audit log broke off')
          stream.error(error)
        }
      },
    },
    { highWaterMark: 0 },
  )
}
