import { sameAddressKey } from '@/core/address'
import { AppError } from '@/core/errors'
import type { Actor } from '@/core/permissions'
import type { Transaction } from '@/db/client'
import { countToday } from '@/db/daily-counts'
import type { WebConfig } from '@/runtime/config'
import { keyedHashes } from '@/runtime/seal'
import { auditNameOf } from './actor'

/**
 * Counts a mail for its address and for whoever asks for it, and refuses one too many: so that the product cannot be made to
 * flood a mailbox, or the world. Call it last in the transaction that accepts the mail.
 *
 * @throws AppError `too_many`, and with it the transaction, so that a refused mail counts for nothing
 */
export async function countMail(config: WebConfig, tx: Transaction, actor: Actor, to: string): Promise<void> {
  const limits = limitsOf(config, actor, to).filter(({ most }) => most > 0)
  if (limits.length === 0) return
  const { counts, secondsLeft } = await countToday(
    tx,
    limits.map(({ key }) => key),
  )
  const exceeded = limits.find(({ key, most }) => (counts.get(key) ?? 0) > most)
  if (!exceeded) return
  throw new AppError(
    'too_many',
    `${exceeded.who} more than ${exceeded.most} ${exceeded.most === 1 ? 'mail' : 'mails'} today. Please try again after midnight (UTC).`,
    {},
    { retryAfterSeconds: secondsLeft },
  )
}

/** The recipient first, as everywhere. */
function limitsOf(config: WebConfig, actor: Actor, to: string): { key: string; most: number; who: string }[] {
  const address = keyedHashes(sameAddressKey(to), config.SECRETS_KEYS)[0]?.toString('base64url')
  return [
    { key: `to:${address}`, most: config.LIMIT_RECIPIENT_PER_DAY, who: 'This address would get' },
    actor.kind === 'key'
      ? { key: `by:${auditNameOf(actor)}`, most: config.LIMIT_KEY_PER_DAY, who: 'This API key would have asked for' }
      : { key: `by:${auditNameOf(actor)}`, most: config.LIMIT_STAFF_PER_DAY, who: 'You would have asked for' },
  ]
}
