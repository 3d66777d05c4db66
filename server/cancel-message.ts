import { AppError } from '@/core/errors'
import { whyNot, type Actor } from '@/core/permissions'
import type { LockedMessage } from '@/db/act-on-message'
import { writeAudit } from '@/db/audit'
import { cancelOne } from '@/db/cancel-messages'
import type { User } from '@/db/users'
import { auditOf, nameOf } from './actor'
import type { Context } from './context'
import { writeOnce, type AskedOnce } from './once'
import { whyNotCancelled } from './refusals'
import { lockWithAccount } from './sent-again'

export type CancelledMessage = { id: string }

/** Cancels a message that nobody is sending yet. Its secret is erased with it. */
export async function cancelMessage(
  context: Context,
  asked: AskedOnce<CancelledMessage>,
  id: string,
): Promise<CancelledMessage> {
  const { actor } = asked
  const { result } = await writeOnce(context, asked, async (tx) => {
    const { message, user } = await lockWithAccount(tx, id)
    refuseCancel(actor, message, user)
    if (!(await cancelOne(tx, { id, by: nameOf(actor) }))) throw whyNotCancelled(message)
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'message.cancelled',
      target: `message:${id}`,
      after: { status: 'cancelled' },
    })
    return { result: { id } }
  })
  return result
}

/** Mail about somebody's access, and what tells of it: only by those who reach them. */
export function refuseCancel(actor: Actor, { template }: LockedMessage, user: User | null): void {
  const refusal = template !== 'plain' && user ? whyNot(actor, 'message.cancel', user) : null
  if (refusal) throw new AppError('forbidden', refusal)
}
