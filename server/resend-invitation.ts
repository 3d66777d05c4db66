import { AppError } from '@/core/errors'
import { writeAudit } from '@/db/audit'
import { cancelWaiting } from '@/db/cancel-messages'
import { lockUser } from '@/db/users'
import { auditNameOf, nameOf, type Asked } from './actor'
import type { Context } from './context'
import { publishQueued, queueMail } from './queue-mail'
import { refuseInvitation, welcomeMail } from './welcome-mail'

/** Sends the invitation again, with a new link. The earlier one that still waits is cancelled; its links end. */
export async function resendInvitation(
  context: Context,
  { actor, requestId }: Asked,
  id: number,
): Promise<{ welcome_message_id: string }> {
  const mail = await context.db.transaction(async (tx) => {
    const user = await lockUser(tx, id)
    if (!user) throw new AppError('not_found', 'There is no such user.')
    refuseInvitation(actor, user)
    await cancelWaiting(tx, {
      userId: id,
      types: ['welcome'],
      by: nameOf(actor),
      reason: 'Replaced by a newer invitation',
    })
    const queued = await queueMail(context, tx, welcomeMail(context.config, user, null, nameOf(actor)))
    await writeAudit(tx, {
      actor: auditNameOf(actor),
      action: 'user.invited',
      target: `user:${id}`,
      detail: { welcome_message_id: queued.id },
      requestId,
    })
    return queued
  })
  await publishQueued(context, mail)
  return { welcome_message_id: mail.id }
}
