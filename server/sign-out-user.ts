import { AppError } from '@/core/errors'
import { whyNot } from '@/core/permissions'
import { writeAudit } from '@/db/audit'
import { endEverySession } from '@/db/sessions'
import { lockUser } from '@/db/users'
import { auditOf, type Asked } from './actor'
import type { Context } from './context'

/**
 * Ends every session of somebody else, as after a lost laptop.
 * @returns how many there were
 */
export async function signOutUser({ db }: Context, asked: Asked, id: number): Promise<number> {
  return await db.transaction(async (tx) => {
    const user = await lockUser(tx, id)
    if (!user) throw new AppError('not_found', 'There is no such user.')
    const refusal = whyNot(asked.actor, 'user.sign_out', user)
    if (refusal) throw new AppError('forbidden', refusal)
    const ended = await endEverySession(tx, id)
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'user.signed_out',
      target: `user:${id}`,
      detail: { sessions: ended },
    })
    return ended
  })
}
