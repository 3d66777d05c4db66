import { toEnvelope } from '@/core/envelope'
import { lifeMinutesOf, priorityOfRank } from '@/core/message'
import type { Actor } from '@/core/permissions'
import { isRungByRelay } from '@/db/accept-message'
import { letGo, type LockedMessage } from '@/db/act-on-message'
import { writeAudit } from '@/db/audit'
import type { Executor } from '@/db/client'
import type { User } from '@/db/users'
import { isNotice } from '@/emails/registry'
import { auditOf, nameOf } from './actor'
import type { Context } from './context'
import { writeOnce, type AskedOnce } from './once'
import { publishQueued } from './queue-mail'
import { whyNotReleased } from './refusals'
import { checkedAccount, checkedTemplate, lockWithAccount, refuseOldAddress, refuseSuppressed } from './sent-again'

export type ReleasedMessage = { id: string }

/** Lets a held message go to its address all the same. Mail of an account is checked again, as if it were asked for now. */
export async function releaseMessage(
  context: Context,
  asked: AskedOnce<ReleasedMessage>,
  id: string,
): Promise<ReleasedMessage> {
  const { actor } = asked
  const { result, released } = await writeOnce(context, asked, async (tx) => {
    const { message, user } = await lockWithAccount(tx, id)
    await refuseRelease(tx, actor, message, user)
    const priority = priorityOfRank(message.priority)
    const isForRelay = isRungByRelay({ priority })
    const { attempt, isLater } = await letGo(tx, {
      id,
      by: nameOf(actor),
      isForRelay,
      lifeMinutes: lifeMinutesOf(message.type, context.config.MESSAGE_LIFE_HOURS),
    })
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'message.released',
      target: `message:${id}`,
      before: { delivery: 'held' },
      after: { delivery: 'send' },
    })
    const record = toEnvelope({
      ...message,
      priority,
      from: message.fromAddress,
      to: message.toAddress,
      createdAt: message.createdAt.toISOString(),
      status: 'pending',
    })
    return { result: { id }, released: { id, attempt, record: isForRelay || isLater ? null : record } }
  })
  await publishQueued(context, released)
  return result
}

export async function refuseRelease(
  db: Executor,
  actor: Actor,
  message: LockedMessage,
  user: User | null,
): Promise<void> {
  const refusal = whyNotReleased(message)
  if (refusal) throw refusal
  await refuseSuppressed(db, message.toAddress)
  const template = checkedTemplate(message)
  if (template !== 'plain' && !isNotice(template)) refuseOldAddress(message, checkedAccount(actor, user, template))
}
