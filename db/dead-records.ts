import type { DeadRecordReason } from '@/core/dead-record'
import type { Sql } from './client'

export type DeadRecord = {
  topic: string
  partition: number
  offset: number
  reason: DeadRecordReason
  key: Buffer | null
  value: Buffer | null
  headers: Record<string, string>
}

/**
 * Keeps a record byte for byte (`bytea`: a NUL byte in a text column would block its partition), and leaves the relay its
 * notice for email-dlq. Twice is once: only a record that was not there yet is noted.
 *
 * Other bytes at the same place mean that the topic was made anew: the new record takes the place of the old, whose notice
 * has long been given.
 */
export async function keepDeadRecord(sql: Sql, record: DeadRecord): Promise<void> {
  await sql`
    with kept as (
      insert into dead_records as d (topic, partition, "offset", reason, key, value, headers)
      values (${record.topic}, ${record.partition}, ${record.offset}, ${record.reason}, ${record.key}, ${record.value}, ${sql.json(record.headers)})
      on conflict (topic, partition, "offset") do update
      set reason = excluded.reason, key = excluded.key, value = excluded.value, headers = excluded.headers, received_at = now()
      where (d.key, d.value) is distinct from (excluded.key, excluded.value)
      returning partition, "offset"
    ), notice as (
      insert into outbox (kind, message_id, priority, ring_at, kafka_partition, kafka_offset)
      select 'dead_record', gen_random_uuid(), 1, now(), partition, "offset" from kept
    )
    select pg_notify('outbox', '') from kept`
}

/** A record that is refused is only noted: its notice names the place, and nothing of it is kept. */
export async function noteRefusedRecord(sql: Sql, place: { partition: number; offset: number }): Promise<void> {
  await sql`
    with notice as (
      insert into outbox (kind, message_id, priority, ring_at, kafka_partition, kafka_offset)
      values ('dead_record', gen_random_uuid(), 1, now(), ${place.partition}, ${place.offset})
    )
    select pg_notify('outbox', '')`
}

/** A kept record as its notice shows it. */
export type KeptRecord = {
  partition: number
  offset: number
  reason: string
  key: Buffer | null
  value: Buffer | null
  /** Too large for a notice: it stays here only. */
  isTooLarge: boolean
  receivedAt: Date
}

/** Those of these places that are kept. A notice carries a value of at most 256 KiB and a key of 4 KiB. */
export async function readDeadRecords(
  sql: Sql,
  topic: string,
  places: readonly { kafkaPartition: number; kafkaOffset: number }[],
): Promise<KeptRecord[]> {
  const rows = await sql<KeptRecord[]>`
    with asked as (
      select * from unnest(${places.map((place) => place.kafkaPartition)}::int[], ${places.map((place) => place.kafkaOffset)}::bigint[])
        as a(partition, "offset")
    ), kept as (
      select d.*, coalesce(octet_length(d.value), 0) > 262144 or coalesce(octet_length(d.key), 0) > 4096 as too_large
      from dead_records d join asked using (partition, "offset") where d.topic = ${topic}
    )
    select partition, "offset"::float8 as "offset", reason, case when not too_large then key end as key,
      case when not too_large then value end as value, too_large as "isTooLarge", received_at as "receivedAt"
    from kept`
  return [...rows]
}
