import { AppError } from '@/core/errors'
import { canDelete } from '@/core/permissions'
import { roleLabel } from '@/core/roles'
import { writeAudit } from '@/db/audit'
import { cancelWaiting, eraseSecretsOf } from '@/db/cancel-messages'
import { lockUserAndSuperAdmins, removeUser } from '@/db/users'
import { auditNameOf, nameOf, type Asked } from './actor'
import type { Context } from './context'

/** Removes the account and cancels its waiting mail and erases its secrets, in one transaction. The last active super_admin stays. */
export async function deleteUser({ db }: Context, { actor, requestId }: Asked, id: number): Promise<void> {
  await db.transaction(async (tx) => {
    const { user, activeSuperAdmins } = await lockUserAndSuperAdmins(tx, id)
    if (!user) throw new AppError('not_found', 'There is no such user.')
    if (actor.kind === 'staff' && actor.id === id) {
      throw new AppError('forbidden', 'You cannot delete your own account.')
    }
    if (!canDelete(actor, user)) {
      throw new AppError('forbidden', `You may not delete an account with the role ${roleLabel(user.role)}.`)
    }
    if (user.role === 'super_admin' && user.status === 'active' && activeSuperAdmins === 1) {
      throw new AppError('conflict', 'This is the last active Super Administrator, and one has to stay.')
    }
    const cancelled = await cancelWaiting(tx, {
      userId: id,
      types: null,
      by: nameOf(actor),
      reason: 'The account was deleted',
    })
    // Dead mail could still be sent again with its secret, but not to a person who is gone.
    await eraseSecretsOf(tx, id)
    await removeUser(tx, id)
    await writeAudit(tx, {
      actor: auditNameOf(actor),
      action: 'user.deleted',
      target: `user:${id}`,
      detail: { email: user.email, role: user.role, cancelled_messages: cancelled },
      requestId,
    })
  })
}
