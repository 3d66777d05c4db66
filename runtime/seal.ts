import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Keyring } from './config'

/** Node takes shorter tags too when it is not told: a value cut off inside the tag could open. */
const tag = { authTagLength: 16 }

/**
 * Secrets at rest: AES-256-GCM (NIST SP 800-38D), bound to the message by the additional data, so that a sealed value moved
 * to another message does not open. Layout: version 1 | key id length | key id | 12 bytes nonce | 16 bytes tag | ciphertext.
 */
export function seal(plain: string, messageId: string, keys: Keyring): Buffer {
  const key = keys[0]
  if (!key) throw new Error('SECRETS_KEYS holds no key')
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key.secret, nonce, tag).setAAD(Buffer.from(messageId))
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  const id = Buffer.from(key.id)
  return Buffer.concat([Buffer.from([1, id.length]), id, nonce, cipher.getAuthTag(), sealed])
}

/** The key that sealed it is not here, or another one has its id, or the bytes were changed. */
export class CannotOpen extends Error {
  override name = 'CannotOpen'
}

/**
 * Opens what `seal` made, with whichever key made it.
 * @throws CannotOpen
 */
export function open(sealed: Buffer, messageId: string, keys: Keyring): string {
  const idEnd = 2 + (sealed[1] ?? 0)
  const id = sealed.subarray(2, idEnd).toString()
  const key = keys.find((candidate) => candidate.id === id)
  if (sealed[0] !== 1 || !key)
    throw new CannotOpen(
      `The sealed secret of message ${messageId} needs the key "${id}", which SECRETS_KEYS does not hold`,
    )
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.secret, sealed.subarray(idEnd, idEnd + 12), tag)
      .setAAD(Buffer.from(messageId))
      .setAuthTag(sealed.subarray(idEnd + 12, idEnd + 28))
    return Buffer.concat([decipher.update(sealed.subarray(idEnd + 28)), decipher.final()]).toString('utf8')
  } catch (error) {
    throw new CannotOpen(
      `The sealed secret of message ${messageId} does not open with the key "${id}" of SECRETS_KEYS`,
      {
        cause: error,
      },
    )
  }
}

/** What is signed of a record: the hash of the raw value, so that it is checked before anything is parsed. */
export type Signed = { topic: string; key: string; messageId: string; attempt: number; value: Buffer }

function mac(secret: Buffer, keyId: string, record: Signed): Buffer {
  const hash = createHash('sha256').update(record.value).digest('hex')
  return createHmac('sha256', secret)
    .update(['v1', record.topic, record.key, record.messageId, record.attempt, keyId, hash].join('\n'))
    .digest()
}

export function sign(record: Signed, keys: Keyring): { keyId: string; signature: string } {
  const key = keys[0]
  if (!key) throw new Error('SIGNING_KEYS holds no key')
  return { keyId: key.id, signature: mac(key.secret, key.id, record).toString('base64') }
}

/** Constant in time for a known key id. */
export function isSignedByUs(record: Signed, keyId: string, signature: string, keys: Keyring): boolean {
  const key = keys.find((candidate) => candidate.id === keyId)
  if (!key) return false
  const given = Buffer.from(signature, 'base64')
  const expected = mac(key.secret, keyId, record)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** A one-time token of 256 bits and the hash under which it is kept. */
export function newToken(): { token: string; hash: Buffer } {
  const token = randomBytes(32).toString('base64url')
  return { token, hash: hashToken(token) }
}

export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest()

/**
 * Tells whether something is the same as before without keeping it, under each live key, the one in use first. Keyed, because
 * a request may hold a password, which a plain hash would let anybody guess; with a key of its own made from SECRETS_KEYS, so
 * that no key serves two ends.
 */
export const keyedHashes = (text: string, keys: Keyring): Buffer[] =>
  keys.map(({ secret }) => {
    const own = createHmac('sha256', secret).update('keyed hash v1').digest()
    return createHmac('sha256', own).update(text).digest()
  })
