import { AppError } from '@/core/errors'
import { canSignInToDashboard, createableRoles, type Actor } from '@/core/permissions'
import { roleLabel, type Role } from '@/core/roles'
import type { User } from '@/db/users'
import { templates } from '@/emails/registry'
import type { WebConfig } from '@/runtime/config'
import { nameOf } from './actor'
import type { Mail } from './queue-mail'

type Person = { id: number; firstName: string; lastName: string; email: string; role: Role }

/** The mail that opens an account: with the first password that staff gave, or with a link to choose one. */
export function welcomeMail(config: WebConfig, person: Person, password: string | null, actor: Actor): Mail {
  const data = {
    first_name: person.firstName,
    last_name: person.lastName,
    email: person.email,
    role: person.role,
    first_sign_in: password === null ? ('link' as const) : ('password' as const),
    login_url: loginUrl(config, person.role),
  }
  return {
    type: 'welcome',
    template: 'welcome',
    to: person.email,
    replyTo: null,
    subject: templates.welcome.subject(data),
    data,
    priority: 'normal',
    sensitive: true,
    secret: password === null ? null : { password },
    userId: person.id,
    askedBy: actor,
    createdByName: nameOf(actor),
  }
}

/** Staff work in the dashboard, account holders in the store. */
export const loginUrl = (config: Pick<WebConfig, 'NEXTAUTH_URL' | 'STORE_URL'>, role: Role): string =>
  canSignInToDashboard(role) ? new URL('/support', config.NEXTAUTH_URL).href : config.STORE_URL

/** Who invites to an account decides who gets in: it takes the right to create that role, and only before its first use. */
export function refuseInvitation(
  actor: Actor,
  user: Pick<User, 'role' | 'status' | 'passwordHash' | 'mustChangePassword'>,
): void {
  if (!createableRoles(actor).includes(user.role)) {
    throw new AppError('forbidden', `You may not invite to an account with the role ${roleLabel(user.role)}.`)
  }
  if (user.status !== 'active') throw new AppError('conflict', 'This account is disabled.')
  if (user.passwordHash !== null && !user.mustChangePassword) {
    throw new AppError('conflict', 'They have already set a password of their own, so they need no invitation.')
  }
}
