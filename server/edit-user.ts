import { accountChanges, type AccountChanges } from '@/core/account-changes'
import { sameAddressKey } from '@/core/address'
import { AppError } from '@/core/errors'
import { createableRoles, whyNot, type Actor } from '@/core/permissions'
import type { EditUserRequest } from '@/core/requests'
import { isPromotion, roleLabel } from '@/core/roles'
import { presentPasswordNeeded } from '@/core/sign-in'
import type { UserView } from '@/core/views'
import { writeAudit } from '@/db/audit'
import { noteReplaced } from '@/db/act-on-message'
import { cancelWaiting } from '@/db/cancel-messages'
import type { Transaction } from '@/db/client'
import { endLinks } from '@/db/one-time-links'
import { endEverySession } from '@/db/sessions'
import { findUserView, lockUserAndSuperAdmins, updateUser, type User } from '@/db/users'
import { auditOf, nameOf, type Asked } from './actor'
import type { Context } from './context'
import { keysLeftBy, type LeftKeys } from './left-keys'
import { refuseLastSuperAdmin } from './last-super-admin'
import { publishAll, tellOfNewStaff, tellOldAddress } from './notices'
import { writeOnce, type AskedOnce } from './once'
import { provePassword } from './prove-again'
import { queueMail, type QueuedMail } from './queue-mail'
import { refuseSuppressed } from './sent-again'
import { refuseTakenAddress } from './taken-address'
import { refuseInvitation, welcomeMail } from './welcome-mail'

export type EditedUser = {
  user: UserView
  /** How many mails that still waited were cancelled. */
  cancelled_messages: number
  /** How many links that still worked have ended. */
  ended_links: number
  /** The invitation to the new address, where it was asked for. */
  welcome_message_id?: string
  /** What was done, in plain words. */
  sentence: string
}

/**
 * Changes names, address, role or status of an account, and takes back what went with the old ones: mail that waits for an
 * address that is not theirs any more, links, sessions. One transaction; the last active super_admin stays.
 */
export async function editUser(
  context: Context,
  asked: AskedOnce<EditedUser>,
  id: number,
  request: EditUserRequest,
): Promise<EditedUser> {
  await refuseOwnAddressUnproven(context, asked, id, request)
  const { told, result } = await writeOnce(context, asked, async (tx) => {
    const { user, activeSuperAdmins } = await lockUserAndSuperAdmins(tx, id)
    if (!user) throw new AppError('not_found', 'There is no such user.')
    const planned = accountChanges(user, request)
    const { changes, before, after } = planned
    refuseChanges(asked.actor, user, planned)
    if (changes.role !== undefined || planned.disables) refuseLastSuperAdmin(user, activeSuperAdmins)

    const isChanged = Object.keys(changes).length > 0
    if (isChanged) await updateUser(tx, id, changes, planned)
    if (planned.endsSessions) await endEverySession(tx, id)
    const { cancelled, links } = await takeBack(tx, id, planned, nameOf(asked.actor))
    const leavesLess = planned.disables || (changes.role !== undefined && !planned.raises)
    const keys = leavesLess ? await keysLeftBy(tx, id) : null
    const again = request.send_again ? await inviteAnew(context, tx, asked, { ...user, ...changes }, planned) : null
    if (isChanged) {
      const detail = {
        cancelled_messages: cancelled,
        ended_links: links,
        ...keys?.detail,
        ...(again && { welcome_message_id: again.id }),
      }
      await writeAudit(tx, { ...auditOf(asked), action: 'user.edited', target: `user:${id}`, before, after, detail })
    }
    const { role } = changes
    const told: (QueuedMail | null)[] =
      role !== undefined && isPromotion(user.role, role)
        ? await tellOfNewStaff(context, tx, asked.actor, { ...user, ...changes, role, how: 'promoted' })
        : []
    if (again) told.push(again)
    if (planned.movesAddress) told.push(await tellOldAddress(context, tx, user, asked.actor))
    const view = await findUserView(tx, id)
    if (!view) throw new Error(`User ${id} is gone, though it is locked`)
    const result: EditedUser = {
      user: view,
      cancelled_messages: cancelled.length,
      ended_links: links,
      ...(again && { welcome_message_id: again.id }),
      sentence: again
        ? `The address is corrected, and a new invitation to ${view.email} is queued. Links in earlier mail no longer work.`
        : sentenceOf(planned, user, { cancelled: cancelled.length, links, keys }),
    }
    return { told, result }
  }).catch(refuseTakenAddress)
  await publishAll(context, told)
  return result
}

/** Correct and send again: what could not reach the old address is replaced by a new invitation to the new one. */
async function inviteAnew(
  context: Context,
  tx: Transaction,
  { actor }: Asked,
  user: User,
  { movesAddress }: AccountChanges,
): Promise<QueuedMail> {
  if (!movesAddress) {
    const sentence = 'This is the address that the account has already.'
    throw new AppError('conflict', sentence, { email: sentence })
  }
  refuseInvitation(actor, { ...user, passwordHash: user.mustChangePassword ? null : user.passwordHash })
  await refuseSuppressed(tx, user.email)
  const queued = await queueMail(context, tx, welcomeMail(context.config, user, null, actor))
  await noteReplaced(tx, { userId: user.id, by: nameOf(actor), otherId: queued.id })
  return queued
}

function refuseChanges(actor: Actor, user: User, { changes }: AccountChanges): void {
  const refusal =
    whyNot(actor, 'user.edit', user) ??
    (changes.role === undefined ? null : whyNot(actor, 'user.change_role', user)) ??
    (changes.status === undefined ? null : whyNot(actor, 'user.disable', user))
  if (refusal) throw new AppError('forbidden', refusal)
  if (changes.role !== undefined && !createableRoles(actor).includes(changes.role)) {
    const sentence = `You may not give the role ${roleLabel(changes.role)}.`
    throw new AppError('forbidden', sentence, { role: sentence })
  }
}

/** Whoever finds a session open must not be able to have a link for a new password mailed to themselves. */
async function refuseOwnAddressUnproven(
  context: Context,
  asked: Asked,
  id: number,
  request: EditUserRequest,
): Promise<void> {
  const { actor } = asked
  if (actor.kind !== 'staff' || actor.id !== id || request.email === undefined) return
  if (sameAddressKey(request.email) === sameAddressKey(actor.email)) return
  if (request.current_password === undefined) {
    throw new AppError('invalid', presentPasswordNeeded, { current_password: presentPasswordNeeded })
  }
  await provePassword(context, { ...asked, actor }, { password: request.current_password }, 'current_password')
}

/** What a worker is sending at this moment is left to it; a link that it carries ends all the same. */
async function takeBack(
  tx: Transaction,
  userId: number,
  { movesAddress, disables, raises }: AccountChanges,
  by: string,
): Promise<{ cancelled: string[]; links: number }> {
  if (!movesAddress && !disables && !raises) return { cancelled: [], links: 0 }
  const cancelled = await cancelWaiting(
    tx,
    movesAddress
      ? { userId, types: null, by, reason: 'The address of the account was changed' }
      : {
          userId,
          types: ['welcome', 'password_reset'],
          by,
          reason: disables ? 'The account was disabled' : 'The role of the account was raised',
        },
  )
  return { cancelled, links: await endLinks(tx, userId) }
}

function sentenceOf(
  { changes, movesAddress, disables, raises, voidsFirstPassword }: AccountChanges,
  user: User,
  { cancelled, links, keys }: { cancelled: number; links: number; keys: LeftKeys | null },
): string {
  if (Object.keys(changes).length === 0) return 'Everything was as asked already.'
  const all = [
    'The account is changed.',
    disables ? 'They are signed out everywhere and cannot sign in.' : null,
    cancelled === 0
      ? null
      : `${cancelled === 1 ? 'One mail that still waited was' : `${cancelled} mails that still waited were`} cancelled.`,
    links > 0 ? 'Links that were mailed to them no longer work.' : null,
    voidsFirstPassword ? 'Their first password no longer works: please send the invitation again.' : null,
    (movesAddress || raises) && user.passwordHash === null && !disables ? 'Please send the invitation again.' : null,
    keys?.sentence ?? null,
  ]
  return all.filter((one) => one !== null).join(' ')
}
