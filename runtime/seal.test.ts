import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CannotOpen, hashToken, isSignedByUs, keyedHashes, newToken, open, seal, sign, type Signed } from './seal'

const [older, newer] = [
  { id: 'k1', secret: randomBytes(32) },
  { id: 'k2', secret: randomBytes(32) },
]
const id = 'b7ae53a1-0942-40ef-a76a-250cdb340327'
const otherId = 'c7ae53a1-0942-40ef-a76a-250cdb340327'

const doesNotOpen = CannotOpen

describe('a sealed secret', () => {
  test.each(['securepassword123', '', 'pässwörd 🔑', 'x'.repeat(200_000)])('opens as it was', (plain) => {
    expect(open(seal(plain, id, [newer]), id, [newer])).toBe(plain)
  })

  test('shows nothing of what is in it, and never looks the same twice', () => {
    const [one, two] = [seal('securepassword123', id, [newer]), seal('securepassword123', id, [newer])]
    expect(one.includes('secure')).toBe(false)
    expect(one.equals(two)).toBe(false)
  })

  test('does not open for another message', () => {
    expect(() => open(seal('secret', id, [newer]), otherId, [newer])).toThrow(doesNotOpen)
  })

  test('does not open when any one bit of it was changed', () => {
    const sealed = seal('secret', id, [newer])
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => open(changed, id, [older, newer])).toThrow(doesNotOpen)
    }
  })

  test.each(['secret', ''])('does not open when it was cut off or grew: %j', (plain) => {
    const sealed = seal(plain, id, [newer])
    for (let length = 0; length < sealed.length; length++)
      expect(() => open(sealed.subarray(0, length), id, [newer])).toThrow(doesNotOpen)
    expect(() => open(Buffer.concat([sealed, Buffer.alloc(1)]), id, [newer])).toThrow(doesNotOpen)
  })

  test('does not open with another key of the same id', () => {
    expect(() => open(seal('secret', id, [newer]), id, [{ id: newer.id, secret: older.secret }])).toThrow(CannotOpen)
  })

  test('of the old key opens while that key is kept, and new ones use the first', () => {
    const sealed = seal('secret', id, [older])
    expect(open(sealed, id, [newer, older])).toBe('secret')
    expect(() => open(seal('secret', id, [newer, older]), id, [older])).toThrow('needs the key "k2"')
  })

  test('of a key that is gone says which key it needs, and no secret', () => {
    const sealed = seal('secret', id, [older])
    expect(() => open(sealed, id, [newer])).toThrow(
      `The sealed secret of message ${id} needs the key "k1", which SECRETS_KEYS does not hold`,
    )
  })

  test('does not open with another key of the same id', () => {
    expect(() => open(seal('secret', id, [older]), id, [{ id: 'k1', secret: newer.secret }])).toThrow(doesNotOpen)
  })

  test('is not made without a key', () => {
    expect(() => seal('secret', id, [])).toThrow('SECRETS_KEYS holds no key')
  })
})

describe('a signature', () => {
  const record: Signed = {
    topic: 'email-notifications',
    key: id,
    messageId: id,
    attempt: 1,
    value: Buffer.from('{"type":"notification"}'),
  }
  const { keyId, signature } = sign(record, [older])

  test('fits its record, also once a newer key is in use', () => {
    expect(isSignedByUs(record, keyId, signature, [older])).toBe(true)
    expect(isSignedByUs(record, keyId, signature, [newer, older])).toBe(true)
    expect(sign(record, [newer, older]).keyId).toBe('k2')
  })

  test.each<[string, Partial<Signed>]>([
    ['topic', { topic: 'email-dlq' }],
    ['key', { key: otherId }],
    ['message id', { messageId: otherId }],
    ['attempt', { attempt: 2 }],
    ['value', { value: Buffer.from('{"type":"notification"} ') }],
    ['missing value', { value: Buffer.alloc(0) }],
  ])('does not fit another %s', (_what, change) => {
    expect(isSignedByUs({ ...record, ...change }, keyId, signature, [older])).toBe(false)
  })

  test('does not fit when any one bit of it was changed', () => {
    const bytes = Buffer.from(signature, 'base64')
    expect(bytes).toHaveLength(32)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(isSignedByUs(record, keyId, changed.toString('base64'), [older])).toBe(false)
    }
  })

  test.each(['', 'x', '====', 'ß', signature.slice(0, -4), `AAAA${signature}`])(
    'is not %j, and that is no error',
    (other) => {
      expect(isSignedByUs(record, keyId, other, [older])).toBe(false)
    },
  )

  test('of a key that is gone, unknown or only named alike fits nothing', () => {
    expect(isSignedByUs(record, keyId, signature, [newer])).toBe(false)
    expect(isSignedByUs(record, keyId, signature, [])).toBe(false)
    expect(isSignedByUs(record, 'k2', signature, [older, { id: 'k2', secret: older.secret }])).toBe(false)
    expect(isSignedByUs(record, keyId, signature, [{ id: 'k1', secret: newer.secret }])).toBe(false)
  })

  test('is not made without a key', () => {
    expect(() => sign(record, [])).toThrow('SIGNING_KEYS holds no key')
  })
})

test('a one-time token has 256 bits, fits in a link, and is kept only as its hash', () => {
  const tokens = Array.from({ length: 50 }, newToken)
  expect(new Set(tokens.map(({ token }) => token)).size).toBe(50)
  for (const { token, hash } of tokens) {
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(hashToken(token)).toEqual(hash)
    expect(hash).toHaveLength(32)
  }
})

test('a keyed hash is the same for the same text under the same key, and there is one for each live key', () => {
  const [one, old] = keyedHashes('text', [newer, older])
  expect(keyedHashes('text', [older, newer])).toEqual([old, one])
  expect(keyedHashes('texts', [newer])[0]).not.toEqual(one)
  expect(one).toHaveLength(32)
  expect(one).not.toEqual(old)
})
