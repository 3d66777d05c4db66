import { sameAddressKey } from '@/core/address'
import type { AddSuppressionRequest } from '@/core/requests'
import type { SuppressionView } from '@/core/views'
import { writeAudit } from '@/db/audit'
import { addSuppression as enter } from '@/db/suppressions'
import { auditOf, nameOf } from './actor'
import type { Context } from './context'
import { writeOnce, type AskedOnce } from './once'

export type AddedSuppression = { suppression: SuppressionView; isNew: boolean }

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
