import { AppError } from '@/core/errors'
import type { Actor } from '@/core/permissions'
import { findLiveKey } from '@/db/api-keys'
import { hashToken } from '@/runtime/seal'
import type { Context } from './context'

/** @param authorization the header `Authorization: Bearer usk_…` as it came */
export async function authenticateKey({ db }: Context, authorization: string): Promise<Actor> {
  const token = /^Bearer (usk_[\w-]{16,200})$/i.exec(authorization)?.[1]
  const key = token ? await findLiveKey(db, hashToken(token)) : null
  if (!key) throw new AppError('unauthenticated', 'This API key is not known, or was revoked.')
  return { kind: 'key', ...key }
}
