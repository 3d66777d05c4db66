import { AppError } from '@/core/errors'
import { whyNot } from '@/core/permissions'
import { writeAudit } from '@/db/audit'
import { cancelWaiting, eraseSecretsOf } from '@/db/cancel-messages'
import { lockUserAndSuperAdmins, removeUser } from '@/db/users'
import { type Asked, auditOf, nameOf } from './actor'
import type { Context } from './context'
import { keysLeftBy } from './left-keys'
import { refuseLastSuperAdmin } from './last-super-admin'

/**
 * Removes the account and cancels its waiting mail and erases its secrets, in one transaction. The last active super_admin stays.
 * @returns what is left to be done, in plain words; null: nothing
 */
export async function deleteUser({ db }: Context, asked: Asked, id: number): Promise<string | null> {
  return await db.transaction(async (tx) => {
    const { user, activeSuperAdmins } = await lockUserAndSuperAdmins(tx, id)
    if (!user) throw new AppError('not_found', 'There is no such user.')
    const refusal = whyNot(asked.actor, 'user.delete', user)
    if (refusal) throw new AppError('forbidden', refusal)
    refuseLastSuperAdmin(user, activeSuperAdmins)
    const cancelled = await cancelWaiting(tx, {
      userId: id,
      types: null,
      by: nameOf(asked.actor),
      reason: 'The account was deleted',
    })
    // Dead mail could still be sent again with its secret, but not to a person who is gone.
    await eraseSecretsOf(tx, id)
    const keys = await keysLeftBy(tx, id)
    await removeUser(tx, id)
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'user.deleted',
      target: `user:${id}`,
      before: {
        first_name: user.firstName,
        last_name: user.lastName,
        email: user.email,
        role: user.role,
        status: user.status,
      },
      detail: { email: user.email, role: user.role, cancelled_messages: cancelled, ...keys?.detail },
    })
    return keys?.sentence ?? null
  })
}
