import { sameAddressKey } from '@/core/address'
import { AppError } from '@/core/errors'
import { whyNot, type Actor } from '@/core/permissions'
import type { AddSuppressionRequest } from '@/core/suppression-requests'
import type { SuppressionView } from '@/core/views'
import { writeAudit } from '@/db/audit'
import type { Transaction } from '@/db/client'
import { addSuppression as enter } from '@/db/suppressions'
import { lockUserByAddress } from '@/db/users'
import { auditOf, nameOf } from './actor'
import type { Context } from './context'
import { writeOnce, type AskedOnce } from './once'

export type AddedSuppression = { suppression: SuppressionView; isNew: boolean }

/** Whoever could silence an account above their own could then act on it, and its holder would not hear of it. */
export async function refuseAddressAbove(
  tx: Transaction,
  actor: Actor,
  action: 'suppression.add' | 'suppression.remove',
  address: string,
): Promise<void> {
  const user = await lockUserByAddress(tx, address)
  const refusal = user && whyNot(actor, action, user)
  if (refusal) throw new AppError('forbidden', refusal)
}

/** From now on this address gets no mail; what waits for it is not sent either. Twice is the same as once. */
export async function addSuppression(
  context: Context,
  asked: AskedOnce<AddedSuppression>,
  request: AddSuppressionRequest,
): Promise<AddedSuppression> {
  const { actor } = asked
  const { address } = request
  const note = request.note ?? null
  const { result } = await writeOnce(context, asked, async (tx) => {
    await refuseAddressAbove(tx, actor, 'suppression.add', address)
    const { view, isNew } = await enter(tx, { address, note, createdByName: nameOf(actor) })
    if (isNew) {
      await writeAudit(tx, {
        ...auditOf(asked),
        action: 'suppression.added',
        target: `address:${sameAddressKey(address)}`,
        after: { address, reason: 'manual', note },
        detail: { reason: 'manual', note },
      })
    }
    return { result: { suppression: view, isNew } }
  })
  return result
}
