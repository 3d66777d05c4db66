import type { Sql } from './client'

export type DeadRecord = {
  topic: string
  partition: number
  offset: number
  reason: string
  key: Buffer | null
  value: Buffer | null
  headers: Record<string, string>
}

/** Keeps a record byte for byte (`bytea`: a NUL byte in a text column would block its partition). Twice is once. */
export async function keepDeadRecord(sql: Sql, record: DeadRecord): Promise<void> {
  await sql`
    insert into dead_records (topic, partition, "offset", reason, key, value, headers)
    values (${record.topic}, ${record.partition}, ${record.offset}, ${record.reason}, ${record.key}, ${record.value}, ${sql.json(record.headers)})
    on conflict do nothing`
}
