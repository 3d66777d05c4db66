import { AppError } from '@/core/errors'
import { createableRoles } from '@/core/permissions'
import { roleLabel } from '@/core/roles'
import { writeAudit } from '@/db/audit'
import { cancelWaiting } from '@/db/cancel-messages'
import { lockUser } from '@/db/users'
import { auditNameOf, nameOf, type Asked } from './actor'
import type { Context } from './context'
import { publishQueued, queueMail } from './queue-mail'
import { welcomeMail } from './welcome-mail'

/** Sends the invitation again, with a new link. The earlier one that still waits is cancelled; its links end. */
export async function resendInvitation(
  context: Context,
  { actor, requestId }: Asked,
  id: number,
): Promise<{ welcome_message_id: string }> {
  const mail = await context.db.transaction(async (tx) => {
    const user = await lockUser(tx, id)
    if (!user) throw new AppError('not_found', 'There is no such user.')
    if (!createableRoles(actor).includes(user.role)) {
      throw new AppError('forbidden', `You may not invite to an account with the role ${roleLabel(user.role)}.`)
    }
    if (user.status !== 'active') throw new AppError('conflict', 'This account is disabled.')
    if (user.passwordHash !== null && !user.mustChangePassword) {
      throw new AppError('conflict', 'They have already set a password of their own, so they need no invitation.')
    }
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
