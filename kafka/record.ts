import { recordSchema, type EmailRecord } from '@/core/envelope'
import type { Keyring } from '@/runtime/config'
import { isSignedByUs, sign } from '@/runtime/seal'

/** What Kafka is given: ours, or a notice of somebody else's record with the key and value that it had. */
export type Publishable = { key: string | Buffer | null; value: Buffer | null; headers: Record<string, string> }

/** A record as bytes. The key is the message id, so that all records of a message share a partition. */
export type KafkaRecord = { key: string; value: Buffer; headers: Record<string, string> }

/** Of our envelope and headers. A record of a higher one is left for a newer worker. */
export const envelopeVersion = 1

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
      'envelope-version': String(envelopeVersion),
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
  /** `isUrgent` is not signed: it may only order a line. */
  | { kind: 'ring'; messageId: string; attempt: number; isUrgent: boolean }
  /** No signature: of another producer. */
  | { kind: 'foreign'; value: Buffer }
  /** Kept aside byte for byte, never sent. */
  | { kind: 'quarantine'; reason: 'empty' | 'bad_signature' | 'unreadable' | 'newer_version' }

/** A header given twice is nobody's word. */
const text = (value: Buffer | string | (Buffer | string)[] | undefined): string =>
  typeof value === 'string' ? value : Buffer.isBuffer(value) ? value.toString() : ''

/** Checks the signature over the raw bytes before anything is parsed. Never throws. */
export function readKafkaRecord(topic: string, raw: RawRecord, keys: Keyring): ReadRecord {
  // A null value is a tombstone, and no mail (RELIABILITY K28).
  if (!raw.value || raw.value.length === 0) return { kind: 'quarantine', reason: 'empty' }
  const header = (name: string) => text(raw.headers?.[name])
  // Before the signature: a newer version may sign in another way. The row keeps ringing until a newer worker is there.
  if (Number(header('envelope-version')) > envelopeVersion) return { kind: 'quarantine', reason: 'newer_version' }
  // A header that is there but says nothing was ours once: not a foreign record, an altered one.
  if (raw.headers?.['signature'] === undefined) return { kind: 'foreign', value: raw.value }
  if (!raw.key) return { kind: 'quarantine', reason: 'bad_signature' }
  const key = raw.key.toString()
  const messageId = header('message-id')
  const attempt = Number(header('attempt'))
  const signed = { topic, key, messageId, attempt, value: raw.value }
  if (!isSignedByUs(signed, header('key-id'), header('signature'), keys)) {
    return { kind: 'quarantine', reason: 'bad_signature' }
  }
  return Number.isSafeInteger(attempt) &&
    attempt > 0 &&
    recordSchema.shape.message.shape.id.safeParse(messageId).success
    ? { kind: 'ring', messageId, attempt, isUrgent: header('priority') === 'high' }
    : { kind: 'quarantine', reason: 'unreadable' }
}
