import { sameAddressKey } from '@/core/address'
import { AppError } from '@/core/errors'
import { writeAudit } from '@/db/audit'
import { removeSuppression as strike } from '@/db/suppressions'
import { type Asked, auditOf } from './actor'
import { refuseAddressAbove } from './add-suppression'
import type { Context } from './context'

/** From now on this address gets mail again; what was suppressed meanwhile is only sent when somebody sends it again. */
export async function removeSuppression(
  { db }: Context,
  asked: Asked,
  { address, reason = null }: { address: string; reason?: string | null },
): Promise<void> {
  await db.transaction(async (tx) => {
    await refuseAddressAbove(tx, asked.actor, 'suppression.remove', address)
    const entry = await strike(tx, address)
    if (!entry) throw new AppError('not_found', 'This address is not on the suppression list.')
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'suppression.removed',
      target: `address:${sameAddressKey(address)}`,
      before: { address: entry.address, reason: entry.reason, note: entry.note },
      // Why it was there as well: the entry itself is gone.
      detail: { reason, was: entry },
    })
  })
}
