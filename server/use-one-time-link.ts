import { AppError } from '@/core/errors'
import { writeAudit } from '@/db/audit'
import { cancelWaiting } from '@/db/cancel-messages'
import type { LinkState } from '@/core/views'
import { findLink, markLinkOpened, markLinkUsed, type Link } from '@/db/one-time-links'
import { findUser, lockUser, storeOwnPassword } from '@/db/users'
import { hashPassword } from '@/runtime/password'
import { hashToken } from '@/runtime/seal'
import type { Caller } from './actor'
import type { Context } from './context'
import { afterPassword } from './after-password'
import { publishAll, tellOfPassword } from './notices'
import { refuseWeakPassword } from './weak-password'

const refusals: Record<Exclude<LinkState, 'works'>, string> = {
  used: 'This link has been used already.',
  password_changed: 'A password has been chosen since this link was sent, so it no longer works.',
  replaced: 'A newer mail has replaced this link. Please use the link in that one.',
  address_changed: 'The address of this account has changed since this link was sent, so it no longer works.',
  expired: 'This link has expired. Please ask for a new one.',
  disabled: 'This account is disabled.',
}

function whyItDoesNotWork(link: Link | null): string | null {
  if (link === null) return 'This link is not one of ours, or its account is gone.'
  return link.state === 'works' ? null : refusals[link.state]
}

function refuseUnlessWorks(link: Link | null): asserts link is Link {
  const sentence = whyItDoesNotWork(link)
  if (sentence !== null) throw new AppError('invalid', sentence, { token: sentence })
}

/**
 * Sets the password that the holder of a link has chosen. Works once, also for requests at the same moment: the account is
 * locked first, and the link is looked at again under that lock.
 */
export async function useOneTimeLink(
  context: Context,
  caller: Caller,
  request: { token: string; password: string },
): Promise<{ next: string }> {
  const { db, config } = context
  const tokenHash = hashToken(request.token)
  // Looked at first without a lock: a dead link must not cost a hash.
  const link = await findLink(db, tokenHash)
  refuseUnlessWorks(link)
  const holder = await findUser(db, link.userId)
  if (holder) refuseWeakPassword(request.password, holder)
  const passwordHash = await hashPassword(request.password)

  const { told, next } = await db.transaction(async (tx) => {
    const user = await lockUser(tx, link.userId)
    refuseUnlessWorks(user && (await findLink(tx, tokenHash)))
    await markLinkUsed(tx, tokenHash)
    await storeOwnPassword(tx, link.userId, passwordHash)
    await cancelWaiting(tx, {
      userId: link.userId,
      types: ['welcome', 'password_reset'],
      by: 'the account holder',
      reason: 'They have chosen a password meanwhile',
    })
    const told = user && (await tellOfPassword(context, tx, user))
    await writeAudit(tx, {
      ...caller,
      actor: `user:${link.userId}`,
      action: 'user.password_set',
      target: `user:${link.userId}`,
      detail: { by: 'link' },
    })
    return { told, next: afterPassword(config, user?.role ?? 'user', 'signed_out') }
  })
  await publishAll(context, [told])
  return { next }
}

/**
 * The page of a link is open in a browser: the first time is written down. Mail scanners that only fetch never get here, because
 * the token stands behind the `#` of the address. Of a link that works no more it is said at once, not after a password was typed.
 * @returns why it does not work; null: it does
 */
export async function openOneTimeLink(
  { db }: Context,
  caller: Caller,
  { token }: { token: string },
): Promise<{ why_not: string | null }> {
  const tokenHash = hashToken(token)
  const whyNot = whyItDoesNotWork(await findLink(db, tokenHash))
  if (whyNot !== null) return { why_not: whyNot }
  await db.transaction(async (tx) => {
    const opened = await markLinkOpened(tx, tokenHash)
    if (!opened) return
    const holder = `user:${opened.userId}`
    await writeAudit(tx, { ...caller, actor: holder, action: 'user.link_opened', target: holder })
  })
  return { why_not: null }
}
