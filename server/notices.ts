import type { Actor } from '@/core/permissions'
import { forgotPasswordPage } from '@/core/sign-in'
import type { Role } from '@/core/roles'
import type { Transaction } from '@/db/client'
import { transactionTime } from '@/db/now'
import { lockOtherSuperAdmins, type User } from '@/db/users'
import { templates, type Notice } from '@/emails/registry'
import { nameOf } from './actor'
import type { Context } from './context'
import { publishQueued, queueMail, type Mail, type MailContext, type QueuedMail } from './queue-mail'

/** Who made an account from the server itself. */
export const commandLine = 'Command line'

/** What is told to the holder of an account by the system itself, in the transaction of the thing that it tells of. */
const notice = (template: Notice, holder: Pick<User, 'id' | 'email'>): Omit<Mail, 'subject' | 'data'> => ({
  type: 'notification',
  template,
  to: holder.email,
  replyTo: null,
  priority: 'normal',
  sensitive: false,
  secret: null,
  userId: holder.id,
  askedBy: null,
  createdByName: 'The system',
})

/** Whoever did not do it must hear of it. Somebody's very first password is no news to them: null. */
export async function tellOfPassword(context: Context, tx: Transaction, user: User): Promise<QueuedMail | null> {
  if (user.passwordHash === null) return null
  const data = {
    first_name: user.firstName,
    email: user.email,
    changed_at: await transactionTime(tx),
    forgot_url: new URL(forgotPasswordPage, context.config.NEXTAUTH_URL).href,
  }
  const subject = templates['password-changed'].subject(data)
  return await queueMail(context, tx, { ...notice('password-changed', user), subject, data })
}

/** An app that was added by somebody else, or removed, opens or closes a door. @param actor who did it */
export async function tellOfSecondFactor(
  context: Context,
  tx: Transaction,
  holder: Pick<User, 'id' | 'email' | 'firstName'>,
  { what, actor }: { what: 'added' | 'removed'; actor: Actor },
): Promise<QueuedMail> {
  const isOwn = actor.kind === 'staff' && actor.id === holder.id
  const data = {
    first_name: holder.firstName,
    email: holder.email,
    what,
    by: isOwn ? null : nameOf(actor),
    at: await transactionTime(tx),
    forgot_url: new URL(forgotPasswordPage, context.config.NEXTAUTH_URL).href,
  }
  const subject = templates['second-factor-changed'].subject(data)
  return await queueMail(context, tx, { ...notice('second-factor-changed', holder), subject, data })
}

/** Whoever had the account must hear of it where they had it. Of somebody who never came in there is nothing to take. */
export async function tellOldAddress(
  context: Context,
  tx: Transaction,
  old: User,
  actor: Actor,
): Promise<QueuedMail[]> {
  if (old.passwordHash === null || old.mustChangePassword) return []
  const isOwn = actor.kind === 'staff' && actor.id === old.id
  const data = {
    first_name: old.firstName,
    email: old.email,
    by: isOwn ? null : nameOf(actor),
    at: await transactionTime(tx),
  }
  const subject = templates['address-changed'].subject(data)
  return [await queueMail(context, tx, { ...notice('address-changed', old), subject, data })]
}

type NewStaff = {
  id: number
  firstName: string
  lastName: string
  email: string
  role: Role
  how: 'created' | 'promoted'
}

/**
 * Tells the other active super_admins of somebody who may do as much as an Administrator now: not who did it, nor who it is.
 * @param actor null: whoever has the server itself
 */
export async function tellOfNewStaff(
  context: MailContext & { config: { NEXTAUTH_URL: string } },
  tx: Transaction,
  actor: Actor | null,
  staff: NewStaff,
): Promise<QueuedMail[]> {
  const knowing = [staff.id, ...(actor?.kind === 'staff' ? [actor.id] : [])]
  const others = await lockOtherSuperAdmins(tx, knowing)
  const at = await transactionTime(tx)
  const queued: QueuedMail[] = []
  for (const other of others) {
    const data = {
      first_name: other.firstName,
      name: `${staff.firstName} ${staff.lastName}`,
      email: staff.email,
      role: staff.role,
      how: staff.how,
      by: actor ? nameOf(actor) : commandLine,
      at,
      account_url: new URL(`/support/users/${staff.id}`, context.config.NEXTAUTH_URL).href,
    }
    const subject = templates['staff-added'].subject(data)
    queued.push(await queueMail(context, tx, { ...notice('staff-added', other), subject, data }))
  }
  return queued
}

/** After the commit; see `publishQueued`. */
export async function publishAll(context: Context, queued: readonly (QueuedMail | null)[]): Promise<void> {
  await Promise.all(queued.filter((one) => one !== null).map((one) => publishQueued(context, one)))
}
