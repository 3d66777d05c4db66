import { AppError } from '@/core/errors'
import { keyRoles, type StaffActor } from '@/core/permissions'
import type { CreateKeyRequest } from '@/core/key-requests'
import { roleLabel } from '@/core/roles'
import type { KeyView } from '@/core/views'
import { insertKey } from '@/db/api-keys'
import { writeAudit } from '@/db/audit'
import { newToken, hashToken } from '@/runtime/seal'
import { auditOf, nameOf, type Asked } from './actor'
import type { Context } from './context'
import { keyView } from './key-view'

/** Enough to recognise it among others, and far too little to use it. */
const prefixLength = 12

export type CreatedKey = {
  key: KeyView
  /** The key itself: only this answer ever holds it. */
  secret: string
}

/** Makes a key of the maker's own reach, or less. */
export async function createKey(
  { db }: Context,
  asked: Asked & { actor: StaffActor },
  request: CreateKeyRequest,
): Promise<CreatedKey> {
  const { actor } = asked
  const roles = keyRoles(actor)
  const role = request.role ?? roles[0]
  if (role === undefined || !roles.includes(role)) {
    throw new AppError(
      'forbidden',
      `You may not make a key that reaches as far as a ${roleLabel(request.role ?? 'admin')}.`,
    )
  }
  const secret = `usk_${newToken().token}`
  const key = await db.transaction(async (tx) => {
    const stored = await insertKey(tx, {
      name: request.name,
      prefix: secret.slice(0, prefixLength),
      hash: hashToken(secret),
      scopes: request.scopes,
      role,
      kind: request.kind,
      guestList: request.guest_list,
      allowedAddresses: request.allowed_addresses,
      requestsPerMinute: request.requests_per_minute,
      expiresAt: request.expires_at ?? null,
      createdByName: nameOf(actor),
    })
    if (!stored) {
      const fault = 'This time has passed.'
      throw new AppError('invalid', `expires_at: ${fault}`, { expires_at: fault })
    }
    const view = keyView(stored)
    const { id, last_used_at: _, revoked_at: __, state: ___, created_by: ____, created_at: _____, ...after } = view
    await writeAudit(tx, { ...auditOf(asked), action: 'key.created', target: `key:${id}`, after })
    return view
  })
  return { key, secret }
}
