import { sql, type SQL } from 'drizzle-orm'
import type { DeadRecordPlace, ListDeadRecordsQuery } from '@/core/dead-record-requests'
import type { Executor } from './client'

export type StoredDeadRecord = DeadRecordPlace & {
  reason: string
  /** Of the value, in bytes. */
  size: number
  /** To the microsecond. */
  receivedAt: string
  key: Buffer | null
  value: Buffer | null
}

/** @param firstBytes of key and value; null reads all */
const columns = (firstBytes: number | null): SQL => {
  const part = (name: SQL) => (firstBytes === null ? name : sql`substring(${name} for ${firstBytes}::int)`)
  return sql`topic, partition, "offset"::float8 as "offset", reason, coalesce(octet_length(value), 0) as size,
    to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "receivedAt",
    ${part(sql`key`)} as key, ${part(sql`value`)} as value`
}

/** Newest first, with only the beginning of each: a record may be large. */
export async function listDeadRecords(
  db: Executor,
  { cursor, limit }: ListDeadRecordsQuery,
  firstBytes: number,
): Promise<StoredDeadRecord[]> {
  const older = cursor
    ? sql`(received_at, topic, partition, "offset") < (${cursor[0]}::timestamptz, ${cursor[1]}, ${cursor[2]}::int, ${cursor[3]}::bigint)`
    : sql`true`
  const rows = await db.execute<StoredDeadRecord>(sql`
    select ${columns(firstBytes)} from dead_records where ${older}
    order by received_at desc, topic desc, partition desc, "offset" desc limit ${limit}`)
  return [...rows]
}

export async function findDeadRecord(
  db: Executor,
  place: DeadRecordPlace,
): Promise<(StoredDeadRecord & { headers: Record<string, string> }) | null> {
  const [row] = await db.execute<StoredDeadRecord & { headers: Record<string, string> }>(sql`
    select ${columns(null)}, headers from dead_records
    where topic = ${place.topic} and partition = ${place.partition} and "offset" = ${place.offset}`)
  return row ?? null
}
