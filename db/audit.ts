import type { AuditAction } from '@/core/audit-words'
import type { Executor } from './client'
import { auditLog } from './schema'

export type AuditEntry = {
  /** `user:5`, `key:1`, or `nobody` before a sign-in. */
  actor: string
  /** The name that the actor has now; for `nobody` and `system` there is none. */
  actorName?: string
  action: AuditAction
  target: string
  /** The fields that changed, as they were and as they are; never a secret. */
  before?: Record<string, unknown>
  after?: Record<string, unknown>
  detail?: Record<string, unknown>
  requestId: string
  /** Null for what no request caused. */
  address: string | null
}

/** Who did what. Write it in the transaction of the thing itself, so that neither exists without the other. */
export async function writeAudit(tx: Executor, entry: AuditEntry): Promise<void> {
  await tx.insert(auditLog).values(entry)
}
