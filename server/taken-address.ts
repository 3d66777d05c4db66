import { AppError } from '@/core/errors'
import { violatesUnique } from '@/db/failure'
import { oneAccountPerAddress } from '@/db/users'

/** Only the unique index knows it for sure: of two requests at once, it lets one through. */
export function refuseTakenAddress(error: unknown): never {
  if (!violatesUnique(error, oneAccountPerAddress)) throw error
  const sentence = 'There is already an account with this address.'
  throw new AppError('conflict', sentence, { email: sentence }, { cause: error })
}
