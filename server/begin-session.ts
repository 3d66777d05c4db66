import { randomUUID } from 'node:crypto'
import type { Transaction } from '@/db/client'
import { insertSession, type SessionKey, type SignedInFrom } from '@/db/sessions'

/** As long as a browser has to say; nobody reads more of it. */
const longestUserAgent = 400

/** What a browser says it is, cut to what is kept. */
export const userAgentOf = (request: Request): string =>
  (request.headers.get('user-agent') ?? '').slice(0, longestUserAgent)

/** Begins a session of this person: what `sessionCookie` makes its cookie of. */
export async function beginSession(
  tx: Transaction,
  user: { id: number; sessionVersion: number },
  from: SignedInFrom,
): Promise<SessionKey> {
  const sessionId = randomUUID()
  await insertSession(tx, sessionId, user.id, { address: from.address, userAgent: from.userAgent })
  return { sessionId, userId: user.id, sessionVersion: user.sessionVersion }
}
