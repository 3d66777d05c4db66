import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** As Postgres makes it itself (RFC 5802, RFC 7677). */
const iterations = 4096

/**
 * What Postgres keeps of a password. Made here, so that a statement that sets one, and a log that holds the statement because
 * it failed, never carries the password.
 */
export function scramVerifier(password: string): string {
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const keyOf = (name: string) => createHmac('sha256', salted).update(name).digest()
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest('base64')
  const serverKey = keyOf('Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}
