import { toCursor } from '@/core/cursor'
import { inertText } from '@/core/inert-text'
import { hidden, looksSensitive } from '@/core/message'
import type { ListDeadRecordsQuery } from '@/core/requests'
import type { DeadRecordItem } from '@/core/views'
import { listDeadRecords as findDeadRecords, type StoredDeadRecord } from '@/db/list-dead-records'
import type { Context } from './context'

export type DeadRecordPage = { dead_records: DeadRecordItem[]; next_cursor: string | null }

/** Characters of key and value in the list; in UTF-8 each takes up to four bytes. */
const previewLength = 500

/** The values of a JSON text that may hold a password or a link, also where the text ends in the middle of one. */
const secretValue =
  /("(?:pass\w*|pwd|token|secret|\w*link|\w*url|code|body|text|html)"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?$)/giu

/** Nobody is to read a password in a list; who has to see the record itself asks for it. */
export function maskSecrets(text: string): string {
  const isElsewhere = looksSensitive(text.replaceAll(secretValue, ''))
  return isElsewhere ? hidden : text.replaceAll(secretValue, `$1"${hidden}"`)
}

const preview = (bytes: Buffer | null): string | null =>
  bytes === null ? null : maskSecrets(inertText(bytes.subarray(0, previewLength * 4), previewLength))

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
