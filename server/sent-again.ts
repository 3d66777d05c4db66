import { sameAddressKey } from '@/core/address'
import { AppError } from '@/core/errors'
import type { Actor } from '@/core/permissions'
import { findAccountOf, lockMessage, type LockedMessage } from '@/db/act-on-message'
import type { Executor, Transaction } from '@/db/client'
import { isSuppressed } from '@/db/suppressions'
import { lockUser, type User } from '@/db/users'
import { isTemplateName, type TemplateName } from '@/emails/registry'
import { refuseAccountMail, type AccountTemplate } from './account-mail'
import { noSuchMessage } from './refusals'

/** A message that people want sent once more, locked, and the account that it is about: locked before it, as everywhere. */
export async function lockWithAccount(
  tx: Transaction,
  id: string,
): Promise<{ message: LockedMessage; user: User | null }> {
  const userId = await findAccountOf(tx, id)
  const user = userId === null ? null : await lockUser(tx, userId)
  const message = await lockMessage(tx, id)
  if (!message) throw noSuchMessage()
  return { message, user }
}

const conflict = (sentence: string) => new AppError('conflict', sentence)

/** What there is to send; refused when nothing can be made of it any more. */
export function checkedTemplate(message: LockedMessage): TemplateName {
  const { template } = message
  if (!isTemplateName(template)) {
    throw conflict(`There is no template "${template}" here, so this mail cannot be made again.`)
  }
  if (message.sealed !== null) return template
  if (template === 'plain' && message.sensitive) {
    throw conflict('Its text was confidential and has been erased. Please write it again, as a new message.')
  }
  if (template === 'welcome' && message.data['first_sign_in'] === 'password') {
    throw conflict('The first password that it carried has been erased. Please send a new invitation instead.')
  }
  return template
}

/** Mail that opens an account or sets its password is checked again as if it were asked for now. */
export function checkedAccount(actor: Actor, user: User | null, template: AccountTemplate): User {
  if (user === null) throw conflict('The account that this mail was for is gone.')
  if (user.status !== 'active') throw conflict('This account is disabled.')
  refuseAccountMail(actor, user, template)
  return user
}

/**
 * People are told at once: it would not be sent, and its secret would be erased. A bounce enters the address by itself, so this
 * is what they meet when they try a mail again that found no mailbox.
 */
export async function refuseSuppressed(tx: Executor, address: string): Promise<void> {
  if (!(await isSuppressed(tx, address))) return
  throw conflict('This address is on the suppression list, so it would not be sent. Remove it from the list first.')
}

/** The same message goes to the same address: it must still be the one of the account. */
export function refuseOldAddress(message: LockedMessage, user: User): void {
  if (sameAddressKey(message.toAddress) === sameAddressKey(user.email)) return
  throw conflict('The address of this account has changed since; send it again as a new message instead.')
}
