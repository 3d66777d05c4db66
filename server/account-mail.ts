import { AppError } from '@/core/errors'
import type { MessageType } from '@/core/message'
import { createableRoles, type Actor } from '@/core/permissions'
import { roleLabel } from '@/core/roles'
import type { User } from '@/db/users'
import type { Notice, TemplateName } from '@/emails/registry'
import type { WebConfig } from '@/runtime/config'
import { fittingData } from './template-data'
import { loginUrl, refuseInvitation } from './welcome-mail'

/** Mail that opens an account or sets its password: always to its holder, and in the words of that account. */
export type AccountTemplate = Exclude<TemplateName, 'plain' | Notice>

export const typeOfAccountMail = (name: AccountTemplate): MessageType =>
  name === 'welcome' ? 'welcome' : 'password_reset'

/** Whoever has such a mail sent decides who gets in: it takes the right to create that role. */
export function refuseAccountMail(actor: Actor, user: User, name: AccountTemplate): void {
  if (name === 'welcome') {
    refuseInvitation(actor, user)
  } else if (!createableRoles(actor).includes(user.role)) {
    throw new AppError(
      'forbidden',
      `You may not reset the password of an account with the role ${roleLabel(user.role)}.`,
    )
  }
}

/** What the mail says: what the account holds wins over what was asked for. */
export function accountContent(
  config: WebConfig,
  user: User,
  name: AccountTemplate,
  given: Record<string, unknown>,
  firstSignIn: 'link' | 'password' = 'link',
): { data: Record<string, unknown>; subject: string } {
  const account = {
    first_name: user.firstName,
    email: user.email,
    ...(name === 'welcome'
      ? {
          last_name: user.lastName,
          role: user.role,
          first_sign_in: firstSignIn,
          login_url: loginUrl(config, user.role),
        }
      : {}),
  }
  const { template, data } = fittingData(name, { ...given, ...account })
  return { data, subject: template.subject(data) }
}
