import { AppError } from '@/core/errors'
import type { StaffActor } from '@/core/permissions'
import { writeAudit } from '@/db/audit'
import { endEverySession, endOtherSessions, endSession } from '@/db/sessions'
import { auditOf, type Asked } from './actor'
import type { Context } from './context'

type AskedByStaff = Asked & { actor: StaffActor }

/** Ends one session of one's own. */
export async function endOwnSession({ db }: Context, asked: AskedByStaff, sessionId: string): Promise<void> {
  const target = `user:${asked.actor.id}`
  await db.transaction(async (tx) => {
    if (!(await endSession(tx, asked.actor.id, sessionId))) {
      throw new AppError('not_found', 'There is no such session: it has ended already.')
    }
    await writeAudit(tx, { ...auditOf(asked), action: 'session.ended', target, detail: { session: sessionId } })
  })
}

/**
 * Ends all sessions of one's own, also those of a copied cookie; or all but the one that asks.
 * @returns how many
 */
export async function endOwnSessions({ db }: Context, asked: AskedByStaff, keptId: string | null): Promise<number> {
  const { id } = asked.actor
  return await db.transaction(async (tx) => {
    const ended = keptId === null ? await endEverySession(tx, id) : await endOtherSessions(tx, id, keptId)
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'session.ended',
      target: `user:${id}`,
      detail: { which: keptId === null ? 'all' : 'others', sessions: ended },
    })
    return ended
  })
}
