import { browserWords } from '@/core/browser-words'
import type { SessionView } from '@/core/views'
import { listSessions } from '@/db/sessions'
import type { Context } from './context'

/** The live sessions of whoever asks. */
export async function listOwnSessions({ db }: Context, userId: number, thisOne: string): Promise<SessionView[]> {
  const rows = await listSessions(db, userId)
  return rows.map(({ id, userAgent, address, createdAt, seenAt }) => ({
    id,
    browser: browserWords(userAgent),
    address,
    created_at: createdAt.toISOString(),
    last_seen_at: seenAt.toISOString(),
    is_this_one: id === thisOne,
  }))
}
