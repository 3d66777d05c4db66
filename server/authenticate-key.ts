import type { DeliveryRule } from '@/core/delivery-mode'
import { AppError } from '@/core/errors'
import type { Actor } from '@/core/permissions'
import type { Quota } from '@/core/quota'
import { useKey, type UsedKey } from '@/db/api-keys'
import { hashToken } from '@/runtime/seal'
import { isAllowedAddress } from './allowed-address'
import type { Context } from './context'
import { utcWords } from './words'

/**
 * Whose key it is; whoever holds it is told what is wrong with it.
 * @param authorization the header `Authorization: Bearer usk_…` as it came
 * @param from.noteQuota is told what is left of its requests, also when this one is refused; null: it was counted before
 */
export async function authenticateKey(
  { db }: Context,
  authorization: string,
  from: { address: string; noteQuota: ((quota: Quota) => void) | null },
): Promise<Actor> {
  const token = /^Bearer (usk_[\w-]{16,200})$/i.exec(authorization)?.[1]
  const key = token ? await useKey(db, hashToken(token), from.noteQuota !== null) : null
  if (!key) throw new AppError('unauthenticated', 'This API key is not known.')
  if (key.state === 'revoked') throw new AppError('unauthenticated', 'This API key was revoked.')
  if (key.state === 'expired') {
    throw new AppError(
      'unauthenticated',
      `This API key expired${key.expiresAt ? ` at ${utcWords(key.expiresAt)}` : ''}.`,
    )
  }
  if (key.quota && from.noteQuota) {
    from.noteQuota(key.quota)
    if (!key.quota.isAllowed) throw tooManyRequests(key.quota)
  }
  if (!isAllowedAddress(from.address, key.allowedAddresses)) {
    throw new AppError('forbidden', `This API key may not be used from ${from.address}.`)
  }
  return { kind: 'key', id: key.id, name: key.name, scopes: key.scopes, role: key.role, mail: mailOf(key) }
}

export const mailOf = ({ kind, guestList }: Pick<UsedKey, 'kind' | 'guestList'>): DeliveryRule => ({
  mode: kind,
  guestList,
})

const tooManyRequests = ({ limit, retryAfterSeconds }: Quota) =>
  new AppError(
    'too_many',
    `This API key may ask ${limit} times a minute. Please try again in ${retryAfterSeconds} s.`,
    {},
    { retryAfterSeconds },
  )
