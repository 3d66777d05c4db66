import { deliveryBy } from '@/core/delivery-mode'
import { AppError } from '@/core/errors'
import { toEnvelope } from '@/core/envelope'
import { lifeMinutesOf, priorityOfRank } from '@/core/message'
import type { Actor } from '@/core/permissions'
import { isRungByRelay } from '@/db/accept-message'
import { makeDueNow, putBack, type LockedMessage } from '@/db/act-on-message'
import { writeAudit } from '@/db/audit'
import type { Executor } from '@/db/client'
import type { User } from '@/db/users'
import { isNotice } from '@/emails/registry'
import { auditOf, nameOf } from './actor'
import type { Context } from './context'
import { writeOnce, type AskedOnce } from './once'
import { publishQueued, rulesFor } from './queue-mail'
import { whyNotRetried } from './refusals'
import { checkedAccount, checkedTemplate, lockWithAccount, refuseOldAddress, refuseSuppressed } from './sent-again'

export type RetriedMessage = { id: string }

/**
 * Tries the same message again: a dead one with all its tries, one that waits for its next try at once. Never one that was
 * accepted. The locked rows decide: of two who ask at once, the second finds it queued.
 */
export async function retryMessage(
  context: Context,
  asked: AskedOnce<RetriedMessage>,
  id: string,
): Promise<RetriedMessage> {
  const { actor } = asked
  const by = nameOf(actor)
  const { result, tried } = await writeOnce(context, asked, async (tx) => {
    const { message, user } = await lockWithAccount(tx, id)
    await refuseRetry(context, tx, actor, message, user)
    const priority = priorityOfRank(message.priority)
    const isForRelay = isRungByRelay({ priority })
    const isDead = message.status === 'dead'
    const { attempt } = isDead
      ? await putBack(tx, {
          id,
          by,
          isForRelay,
          lifeMinutes: lifeMinutesOf(message.type, context.config.MESSAGE_LIFE_HOURS),
        })
      : await makeDueNow(tx, { id, by, isForRelay })
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'message.retried',
      target: `message:${id}`,
      before: { status: message.status },
      after: { status: isDead ? 'queued' : message.status },
      detail: { was: message.status, dead_reason: message.deadReason },
    })
    const record = toEnvelope({
      ...message,
      priority,
      from: message.fromAddress,
      to: message.toAddress,
      createdAt: message.createdAt.toISOString(),
      retryCount: isDead ? 0 : message.retryCount,
      status: 'pending',
    })
    return { result: { id }, tried: { id, attempt, record: isForRelay ? null : record } }
  })
  await publishQueued(context, tried)
  return result
}

/** A dead one is checked as if it were asked for now. */
export async function refuseRetry(
  context: Context,
  db: Executor,
  actor: Actor,
  message: LockedMessage,
  user: User | null,
): Promise<void> {
  const refusal = whyNotRetried(message)
  if (refusal) throw refusal
  if (message.status !== 'dead') return
  await refuseSuppressed(db, message.toAddress)
  const template = checkedTemplate(message)
  if (template !== 'plain' && !isNotice(template)) refuseOldAddress(message, checkedAccount(actor, user, template))
  refuseUnlisted(context, actor, message)
}

/** It was meant to be sent to anybody, and would now go past the rules of the installation or of the key that asks. */
function refuseUnlisted({ config }: Context, actor: Actor, message: LockedMessage): void {
  if (message.delivery !== 'send') return
  const delivery = deliveryBy(message.toAddress, ...rulesFor(config, actor))
  if (delivery === 'send') return
  throw new AppError(
    'conflict',
    delivery === 'held'
      ? 'This address is not on the guest list: send it again as a new message, which is held.'
      : 'It would really be sent, and this is only for tests: send it again as a new message, which is pretended.',
  )
}
