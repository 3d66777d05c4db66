import { AppError } from '@/core/errors'
import { writeAudit } from '@/db/audit'
import { cancelWaiting } from '@/db/cancel-messages'
import { invitationOpensAt } from '@/db/invitations'
import { lockUser } from '@/db/users'
import { auditOf, nameOf } from './actor'
import type { Context } from './context'
import { writeOnce, type AskedOnce } from './once'
import { publishQueued, queueMail } from './queue-mail'
import { refuseInvitation, welcomeMail } from './welcome-mail'

export type Invited = { welcome_message_id: string }

function justInvited(openAt: Date): string {
  const seconds = Math.max(1, Math.ceil((openAt.getTime() - Date.now()) / 1000))
  return `The invitation was sent again less than a minute ago. Please give it time to arrive; in ${seconds} s it can be sent once more.`
}

/** Sends the invitation again, with a new link. The earlier one that still waits is cancelled; its links end. */
export async function resendInvitation(context: Context, asked: AskedOnce<Invited>, id: number): Promise<Invited> {
  const { actor } = asked
  const { result, queued } = await writeOnce(context, asked, async (tx) => {
    const user = await lockUser(tx, id)
    if (!user) throw new AppError('not_found', 'There is no such user.')
    refuseInvitation(actor, user)
    const openAt = await invitationOpensAt(tx, id)
    if (openAt) throw new AppError('conflict', justInvited(openAt))
    await cancelWaiting(tx, {
      userId: id,
      types: ['welcome'],
      by: nameOf(actor),
      reason: 'Replaced by a newer invitation',
    })
    const queued = await queueMail(context, tx, welcomeMail(context.config, user, null, actor))
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'user.invited',
      target: `user:${id}`,
      detail: { welcome_message_id: queued.id },
    })
    return { result: { welcome_message_id: queued.id }, queued }
  })
  await publishQueued(context, queued)
  return result
}
