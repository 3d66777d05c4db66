import { AppError } from '@/core/errors'
import { keyRoles, type StaffActor } from '@/core/permissions'
import type { KeyView } from '@/core/views'
import { lockKey, revokeKey as endKey } from '@/db/api-keys'
import { writeAudit } from '@/db/audit'
import { auditOf, type Asked } from './actor'
import type { Context } from './context'
import { keyView } from './key-view'

/** Ends a key for good: its very next request is refused. */
export async function revokeKey({ db }: Context, asked: Asked & { actor: StaffActor }, id: number): Promise<KeyView> {
  return db.transaction(async (tx) => {
    const key = await lockKey(tx, id)
    // Whoever does not see it does not learn of it either.
    if (!key || !keyRoles(asked.actor).includes(key.role)) throw new AppError('not_found', 'There is no such key.')
    if (key.state === 'revoked') throw new AppError('conflict', 'This key was revoked already.')
    await endKey(tx, id)
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'key.revoked',
      target: `key:${id}`,
      before: { state: key.state },
      after: { state: 'revoked' },
      detail: { name: key.name, prefix: key.prefix },
    })
    const revoked = await lockKey(tx, id)
    if (!revoked) throw new Error(`Key ${id} is gone`)
    return keyView(revoked)
  })
}
