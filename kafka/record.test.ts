import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { EmailRecord } from '@/core/envelope'
import { sign } from '@/runtime/seal'
import { readKafkaRecord, toKafkaRecord, type RawRecord, type ReadRecord } from './record'

const topic = 'email-notifications'
const [key, otherKey] = [
  { id: 'k1', secret: randomBytes(32) },
  { id: 'k2', secret: randomBytes(32) },
]
const keys = [key]
const id = 'b7ae53a1-0942-40ef-a76a-250cdb340327'
const otherId = 'c7ae53a1-0942-40ef-a76a-250cdb340327'

const envelope: EmailRecord = {
  type: 'notification',
  message: {
    id,
    from: 'noreply@usualstore.com',
    to: 'john.doe@example.com',
    subject: 'Welcome',
    template: 'plain',
    data: { body: 'Hello John' },
    priority: 'normal',
    timestamp: '2025-12-26T13:25:35Z',
    retry_count: 1,
    max_retries: 3,
    status: 'pending',
  },
}

type Whole = { key: Buffer; value: Buffer; headers: Record<string, Buffer> }

/** As kafkajs hands it over: everything is bytes. */
function received(attempt = 2): Whole {
  const record = toKafkaRecord(topic, envelope, attempt, keys)
  return {
    key: Buffer.from(record.key),
    value: record.value,
    headers: Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value)])),
  }
}

const read = (raw: RawRecord, on = topic) => readKafkaRecord(on, raw, keys)
const quarantine = (reason: Extract<ReadRecord, { kind: 'quarantine' }>['reason']) => ({ kind: 'quarantine', reason })
const withHeaders = (change: RawRecord['headers']): RawRecord => {
  const whole = received()
  return { ...whole, headers: { ...whole.headers, ...change } }
}

/** A record that says these things about itself, and is rightly signed. */
function signed(messageId: string, attempt: number): RawRecord {
  const value = Buffer.from('{}')
  const { keyId, signature } = sign({ topic, key: messageId, messageId, attempt, value }, keys)
  const headers = { 'message-id': messageId, attempt: String(attempt), 'key-id': keyId, signature }
  return { key: Buffer.from(messageId), value, headers }
}

describe('a record of ours', () => {
  test('is the original’s envelope and headers, keyed by the message', () => {
    const record = toKafkaRecord(topic, envelope, 2, keys)
    expect(record.key).toBe(id)
    expect(JSON.parse(record.value.toString())).toEqual(envelope)
    expect(record.headers).toMatchObject({
      type: 'notification',
      priority: 'normal',
      timestamp: '2025-12-26T13:25:35Z',
      'message-id': id,
      attempt: '2',
      'envelope-version': '1',
      'key-id': 'k1',
    })
  })

  test('rings for its message and attempt', () => {
    expect(read(received(2))).toEqual({ kind: 'ring', messageId: id, attempt: 2, isUrgent: false })
    expect(read(withHeaders({ priority: Buffer.from('high') }))).toMatchObject({ kind: 'ring', isUrgent: true })
  })

  test('may have headers of others beside ours, and tell more of its own', () => {
    expect(read(withHeaders({ traceparent: '00-x', other: [Buffer.from('a'), 'b'] })).kind).toBe('ring')
    const more = toKafkaRecord(topic, envelope, 1, keys, { 'dead-class': 'refused' })
    expect(more.headers['dead-class']).toBe('refused')
    expect(read({ ...more, key: Buffer.from(more.key) }).kind).toBe('ring')
  })

  test('still rings while its key is kept, and no longer', () => {
    expect(readKafkaRecord(topic, received(), [otherKey, key]).kind).toBe('ring')
    expect(readKafkaRecord(topic, received(), [otherKey])).toEqual(quarantine('bad_signature'))
  })
})

describe('a record without a signature', () => {
  test.each<[string, RawRecord]>([
    ['without headers', { key: received().key, value: received().value }],
    ['without a key', { key: null, value: received().value }],
    ['with headers of its own', withHeaders({ signature: undefined })],
  ])('%s is another producer’s', (_what, raw) => expect(read(raw)).toEqual({ kind: 'foreign', value: raw.value }))
})

/** The original's consumer: Go's encoding/json into these fields, and nothing else allowed (DisallowUnknownFields). */
const goEmailMessage = z.strictObject({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  subject: z.string(),
  template: z.string(),
  data: z.record(z.string(), z.unknown()),
  priority: z.string(),
  timestamp: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/),
  retry_count: z.int(),
  max_retries: z.int().positive(),
  status: z.string(),
})

test('our records are readable by the original’s strict consumer', () => {
  const { key, value } = toKafkaRecord(topic, envelope, 1, keys)
  const parsed = z.strictObject({ type: z.string(), message: goEmailMessage }).parse(JSON.parse(value.toString()))
  expect(parsed.message.id).toBe(key)
  expect(parsed.message.retry_count).toBeLessThan(parsed.message.max_retries)
})

describe('is kept aside, and never sent', () => {
  test.each<[string, RawRecord]>([
    ['without a value', { ...received(), value: null }],
    ['with an empty value', { ...received(), value: Buffer.alloc(0) }],
    ['without value, headers and key', { key: null, value: null }],
  ])('a record %s: empty', (_what, raw) => expect(read(raw)).toEqual(quarantine('empty')))

  test.each<[string, RawRecord]>([
    ['2', withHeaders({ 'envelope-version': '2' })],
    [
      '2, without a signature that we know',
      withHeaders({ 'envelope-version': Buffer.from('2'), signature: undefined }),
    ],
  ])('a record of the envelope version %s: newer_version', (_what, raw) =>
    expect(read(raw)).toEqual(quarantine('newer_version')),
  )

  test.each<[string, RawRecord]>([
    ['an altered value', { ...received(), value: Buffer.concat([received().value, Buffer.from(' ')]) }],
    ['an empty signature', withHeaders({ signature: '' })],
    ['two signatures', withHeaders({ signature: ['a', received().headers['signature'] ?? ''] })],
    ['no key', { ...received(), key: null }],
    ['another key', { ...received(), key: Buffer.from(otherId) }],
    ['an empty key', { ...received(), key: Buffer.alloc(0) }],
    ['another message id', withHeaders({ 'message-id': otherId })],
    ['no message id', withHeaders({ 'message-id': undefined })],
    ['two message ids', withHeaders({ 'message-id': [id, id] })],
    ['another attempt', withHeaders({ attempt: '3' })],
    ['no attempt', withHeaders({ attempt: undefined })],
    ['two attempts', withHeaders({ attempt: ['2', '2'] })],
    ['an attempt in words', withHeaders({ attempt: 'two' })],
    ['another key id', withHeaders({ 'key-id': 'k2' })],
    ['no key id', withHeaders({ 'key-id': undefined })],
    ['a signature of nonsense', withHeaders({ signature: 'ß∂ƒ' })],
    ['a signature that is cut off', withHeaders({ signature: String(received().headers['signature']).slice(0, 20) })],
  ])('a record with %s: bad_signature', (_what, raw) => expect(read(raw)).toEqual(quarantine('bad_signature')))

  test('a record that was signed for another topic', () => {
    expect(read(received(), 'email-dlq')).toEqual(quarantine('bad_signature'))
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'a rightly signed record of the attempt %d: unreadable',
    (attempt) => expect(read(signed(id, attempt))).toEqual(quarantine('unreadable')),
  )

  test.each(['', 'x', `${id}x`, `{${id}}`, id.replaceAll('-', '')])(
    'a rightly signed record of the message %j: unreadable',
    (messageId) => expect(read(signed(messageId, 1))).toEqual(quarantine('unreadable')),
  )
})

/** Mulberry32: the same numbers at every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('whatever comes', () => {
  const random = seeded(20_261_123)
  const upTo = (most: number) => Math.floor(random() * most)
  const bytes = () => Buffer.from(Array.from({ length: upTo(60) }, () => upTo(256)))
  const names = ['signature', 'message-id', 'attempt', 'key-id', 'type', '__proto__', 'constructor']

  test('random records never throw and never ring', () => {
    for (let round = 0; round < 500; round++) {
      const headers: RawRecord['headers'] = {}
      for (const name of names)
        headers[name] = [undefined, bytes(), bytes().toString('base64'), [bytes(), bytes()], '7', id][upTo(6)]
      const raw = {
        key: upTo(5) === 0 ? null : bytes(),
        value: upTo(5) === 0 ? null : bytes(),
        headers: upTo(5) === 0 ? undefined : headers,
      }
      expect(read(raw).kind).not.toBe('ring')
    }
  })

  test('a record of ours with any one byte of what is signed changed never rings', () => {
    const parts = ['key', 'value', 'message-id', 'attempt', 'key-id'] as const
    for (const part of parts) {
      const whole = received(12)
      const target = part === 'key' || part === 'value' ? whole[part] : (whole.headers[part] ?? Buffer.alloc(0))
      for (let at = 0; at < target.length; at++) {
        const right = target[at] ?? 0
        target[at] = (right + 1 + upTo(255)) % 256
        expect([part, at, read(whole)]).toEqual([part, at, quarantine('bad_signature')])
        target[at] = right
      }
      expect(read(whole).kind).toBe('ring')
    }
  })
})
