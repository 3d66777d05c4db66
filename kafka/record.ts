import { recordSchema, type EmailRecord } from '@/core/message'
import type { Keyring } from '@/runtime/config'
import { isSignedByUs, sign } from '@/runtime/seal'

/** A record as bytes. The key is the message id, so that all records of a message share a partition. */
export type KafkaRecord = { key: string; value: Buffer; headers: Record<string, string> }

/** The original's envelope and headers, with ours: which message and attempt it rings for, and our signature. */
export function toKafkaRecord(
  topic: string,
  record: EmailRecord,
  attempt: number,
  keys: Keyring,
  more: Record<string, string> = {},
): KafkaRecord {
  const key = record.message.id
  const value = Buffer.from(JSON.stringify(record))
  const { keyId, signature } = sign({ topic, key, messageId: key, attempt, value }, keys)
  return {
    key,
    value,
    headers: {
      type: record.type,
      priority: record.message.priority,
      timestamp: record.message.timestamp,
      'message-id': key,
      attempt: String(attempt),
      'key-id': keyId,
      signature,
      ...more,
    },
  }
}

export type RawRecord = {
  key: Buffer | null
  value: Buffer | null
  headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>
}

export type ReadRecord =
  | { kind: 'ring'; messageId: string; attempt: number }
  /** Not ours, altered, or not readable: kept aside byte for byte, never sent. */
  | { kind: 'quarantine'; reason: 'empty' | 'unsigned' | 'bad_signature' | 'unreadable' }

/** A header given twice is nobody's word. */
const text = (value: Buffer | string | (Buffer | string)[] | undefined): string =>
  typeof value === 'string' ? value : Buffer.isBuffer(value) ? value.toString() : ''

/** Checks the signature over the raw bytes before anything is parsed. Never throws. */
export function readKafkaRecord(topic: string, raw: RawRecord, keys: Keyring): ReadRecord {
  if (!raw.value || raw.value.length === 0 || !raw.key) return { kind: 'quarantine', reason: 'empty' }
  const header = (name: string) => text(raw.headers?.[name])
  const signature = header('signature')
  if (!signature) return { kind: 'quarantine', reason: 'unsigned' }
  const key = raw.key.toString()
  const messageId = header('message-id')
  const attempt = Number(header('attempt'))
  if (!isSignedByUs({ topic, key, messageId, attempt, value: raw.value }, header('key-id'), signature, keys)) {
    return { kind: 'quarantine', reason: 'bad_signature' }
  }
  return Number.isSafeInteger(attempt) &&
    attempt > 0 &&
    recordSchema.shape.message.shape.id.safeParse(messageId).success
    ? { kind: 'ring', messageId, attempt }
    : { kind: 'quarantine', reason: 'unreadable' }
}
