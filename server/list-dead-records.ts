import { toCursor } from '@/core/cursor'
import { hideSecrets } from '@/core/hide-secrets'
import { inertText } from '@/core/inert-text'
import type { ListDeadRecordsQuery } from '@/core/dead-record-requests'
import type { DeadRecordItem } from '@/core/views'
import { listDeadRecords as findDeadRecords, type StoredDeadRecord } from '@/db/list-dead-records'
import type { Context } from './context'

export type DeadRecordPage = { dead_records: DeadRecordItem[]; next_cursor: string | null }

/** Characters of key and value in the list; in UTF-8 each takes up to four bytes. */
const previewLength = 500

/** Without what a mail may carry that is for its reader alone; hidden before it is cut, so that no half of it is left. */
function preview(bytes: Buffer | null): string | null {
  if (bytes === null) return null
  const most = previewLength * 4
  return Array.from(hideSecrets(inertText(bytes.subarray(0, most), most)))
    .slice(0, previewLength)
    .join('')
}

/** What of a record can be looked at without harm. */
export function toDeadRecordItem(record: StoredDeadRecord): DeadRecordItem {
  const { topic, partition, offset, reason, size } = record
  return {
    topic,
    partition,
    offset,
    reason,
    size,
    received_at: new Date(record.receivedAt).toISOString(),
    key: preview(record.key),
    value: preview(record.value),
  }
}

/** Newest first; `next_cursor` leads to older ones. */
export async function listDeadRecords({ db }: Context, query: ListDeadRecordsQuery): Promise<DeadRecordPage> {
  const found = await findDeadRecords(db, { ...query, limit: query.limit + 1 }, previewLength * 4)
  const page = found.slice(0, query.limit)
  const last = page.at(-1)
  return {
    dead_records: page.map(toDeadRecordItem),
    next_cursor:
      last && found.length > page.length ? toCursor([last.receivedAt, last.topic, last.partition, last.offset]) : null,
  }
}
