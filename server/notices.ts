import type { Actor } from '@/core/permissions'
import { forgotPasswordPage } from '@/core/sign-in'
import type { Role } from '@/core/roles'
import type { Transaction } from '@/db/client'
import { transactionTime } from '@/db/now'
import { lockOtherSuperAdmins, type User } from '@/db/users'
import { templates, type Notice, type Secret, type Template } from '@/emails/registry'
import { nameOf } from './actor'
import type { Context } from './context'
import { publishQueued, queueMail, type MailContext, type QueuedMail } from './queue-mail'

/** Who made an account from the server itself. */
export const commandLine = 'Command line'

type WebAddress = { config: { NEXTAUTH_URL: string } }

/**
 * What is told to the holder of an account by the system itself, in the transaction of the thing that it tells of.
 * @param data what the template says of it
 */
async function tell<Name extends Notice>(
  context: MailContext,
  tx: Transaction,
  template: Name,
  holder: Pick<User, 'id' | 'email'>,
  data: (typeof templates)[Name]['sample'],
): Promise<QueuedMail> {
  const words: Pick<Template<typeof data, Secret>, 'subject'> = templates[template]
  return await queueMail(context, tx, {
    type: 'notification',
    template,
    to: holder.email,
    subject: words.subject(data),
    data,
    replyTo: null,
    priority: 'normal',
    sensitive: false,
    secret: null,
    userId: holder.id,
    askedBy: null,
    createdByName: 'The system',
  })
}

/** Null: the holder of the account themselves. */
const byAnother = (actor: Actor, holder: { id: number }): string | null =>
  actor.kind === 'staff' && actor.id === holder.id ? null : nameOf(actor)

const addressOf = ({ config }: WebAddress, path: string): string => new URL(path, config.NEXTAUTH_URL).href

/** Whoever did not do it must hear of it. Somebody's very first password is no news to them: null. */
export async function tellOfPassword(context: Context, tx: Transaction, user: User): Promise<QueuedMail | null> {
  if (user.passwordHash === null) return null
  return await tell(context, tx, 'password-changed', user, {
    first_name: user.firstName,
    email: user.email,
    changed_at: await transactionTime(tx),
    forgot_url: addressOf(context, forgotPasswordPage),
  })
}

/** An app that was added by somebody else, or removed, opens or closes a door. @param actor who did it */
export async function tellOfSecondFactor(
  context: Context,
  tx: Transaction,
  holder: Pick<User, 'id' | 'email' | 'firstName'>,
  { what, actor }: { what: 'added' | 'removed'; actor: Actor },
): Promise<QueuedMail> {
  return await tell(context, tx, 'second-factor-changed', holder, {
    first_name: holder.firstName,
    email: holder.email,
    what,
    by: byAnother(actor, holder),
    at: await transactionTime(tx),
    forgot_url: addressOf(context, forgotPasswordPage),
  })
}

/** Whoever had the account must hear of it where they had it. Of somebody who never came in there is nothing to take: null. */
export async function tellOldAddress(
  context: Context,
  tx: Transaction,
  old: User,
  actor: Actor,
): Promise<QueuedMail | null> {
  if (old.passwordHash === null || old.mustChangePassword) return null
  return await tell(context, tx, 'address-changed', old, {
    first_name: old.firstName,
    email: old.email,
    by: byAnother(actor, old),
    at: await transactionTime(tx),
  })
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
  context: MailContext & WebAddress,
  tx: Transaction,
  actor: Actor | null,
  staff: NewStaff,
): Promise<QueuedMail[]> {
  const knowing = [staff.id, ...(actor?.kind === 'staff' ? [actor.id] : [])]
  const others = await lockOtherSuperAdmins(tx, knowing)
  const at = await transactionTime(tx)
  const queued: QueuedMail[] = []
  for (const other of others) {
    queued.push(
      await tell(context, tx, 'staff-added', other, {
        first_name: other.firstName,
        name: `${staff.firstName} ${staff.lastName}`,
        email: staff.email,
        role: staff.role,
        how: staff.how,
        by: actor ? nameOf(actor) : commandLine,
        at,
        account_url: addressOf(context, `/support/users/${staff.id}`),
      }),
    )
  }
  return queued
}

/** After the commit; see `publishQueued`. */
export async function publishAll(context: Context, queued: readonly (QueuedMail | null)[]): Promise<void> {
  await Promise.all(queued.filter((one) => one !== null).map((one) => publishQueued(context, one)))
}
