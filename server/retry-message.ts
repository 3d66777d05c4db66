import { lifeMinutesOf, priorityOfRank, toEnvelope } from '@/core/message'
import { isRungByRelay } from '@/db/accept-message'
import { makeDueNow, putBack } from '@/db/act-on-message'
import { writeAudit } from '@/db/audit'
import { isNotice } from '@/emails/registry'
import { auditOf, nameOf } from './actor'
import type { Context } from './context'
import { writeOnce, type AskedOnce } from './once'
import { publishQueued, type QueuedMail } from './queue-mail'
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
  const { result, queued } = await writeOnce(context, asked, async (tx) => {
    const { message, user } = await lockWithAccount(tx, id)
    const refusal = whyNotRetried(message)
    if (refusal) throw refusal
    const priority = priorityOfRank(message.priority)
    const isForRelay = isRungByRelay({ priority })
    const isDead = message.status === 'dead'
    if (isDead) {
      await refuseSuppressed(tx, message.toAddress)
      const template = checkedTemplate(message)
      if (template !== 'plain' && !isNotice(template)) refuseOldAddress(message, checkedAccount(actor, user, template))
    }
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
    const queued: QueuedMail = { id, attempt, record: isForRelay ? null : record }
    return { result: { id }, queued }
  })
  await publishQueued(context, queued)
  return result
}
