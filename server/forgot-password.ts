import { sameAddressKey } from '@/core/address'
import { placeOf } from '@/core/sign-in-delay'
import { writeAudit } from '@/db/audit'
import { cancelWaiting } from '@/db/cancel-messages'
import type { Transaction } from '@/db/client'
import { takeToken } from '@/db/rate-limits'
import { lockUserByAddress } from '@/db/users'
import { keyedHashes } from '@/runtime/seal'
import { accountContent, typeOfAccountMail } from './account-mail'
import type { Caller } from './actor'
import type { Context } from './context'
import { inEvenTime } from './even-time'
import { publishQueued, queueMail, type QueuedMail } from './queue-mail'

const perHour = (count: number) => ({ capacity: count, refillPerSecond: count / 3600 })
const perAccount = perHour(3)
const perCaller = perHour(10)

/**
 * Sends a link for a new password to the holder of an active account. Whoever asks is told the same, after the same time,
 * whether there is such an account or not, and also when it was asked for too often.
 */
export async function forgotPassword(context: Context, caller: Caller, { email }: { email: string }): Promise<void> {
  const queued = await inEvenTime(() => queueReset(context, caller, email))
  // Not waited for: how long Kafka takes would tell that there was something to publish. The mail is safe already.
  if (!queued) return
  publishQueued(context, queued).catch((error: unknown) =>
    context.log.error({ err: error, messageId: queued.id }, 'A record was not published; its bell rings by itself'),
  )
}

async function queueReset(context: Context, caller: Caller, email: string): Promise<QueuedMail | null> {
  const { db } = context
  if (!(await isWithinLimits(context, caller, email))) {
    context.log.info({ requestId: caller.requestId }, 'A new password was asked for too often')
    return null
  }
  return await db.transaction(async (tx) => {
    const { target, queued } = await queueFor(context, tx, email)
    await writeAudit(tx, {
      ...caller,
      actor: 'nobody',
      action: 'user.password_forgotten',
      target,
      detail: { message_id: queued?.id ?? null },
    })
    return queued
  })
}

async function queueFor(
  context: Context,
  tx: Transaction,
  email: string,
): Promise<{ target: string; queued: QueuedMail | null }> {
  const user = await lockUserByAddress(tx, email)
  // Never what was typed: people type passwords into the wrong field.
  if (!user) return { target: 'unknown account', queued: null }
  const target = `user:${user.id}`
  if (user.status !== 'active') return { target, queued: null }
  await cancelWaiting(tx, {
    userId: user.id,
    types: ['password_reset'],
    by: 'the system',
    reason: 'Replaced by a newer mail',
  })
  const { data, subject } = accountContent(context.config, user, 'password-reset', {})
  const queued = await queueMail(context, tx, {
    type: typeOfAccountMail('password-reset'),
    template: 'password-reset',
    to: user.email,
    replyTo: null,
    subject,
    data,
    priority: 'high',
    sensitive: true,
    secret: null,
    userId: user.id,
    askedBy: null,
    createdByName: 'Somebody at the sign-in page',
  })
  return { target, queued }
}

/** Counted for every address that is typed, with an account or without. Where from comes first: one caller cannot use up what many accounts have. */
async function isWithinLimits({ db, config }: Context, { address }: Caller, email: string): Promise<boolean> {
  const byCaller = await takeToken(db, { key: `forgot:from:${placeOf(address)}`, ...perCaller })
  if (!byCaller.taken) return false
  const typed = keyedHashes(sameAddressKey(email), config.SECRETS_KEYS)[0]?.toString('base64url')
  const forAccount = await takeToken(db, { key: `forgot:account:${typed}`, ...perAccount })
  return forAccount.taken
}
