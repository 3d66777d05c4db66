import { AppError } from '@/core/errors'
import { isDatabaseAway } from '@/db/failure'

export { withoutParameters } from '@/db/failure'

/** For all that one request asks of the database; below the 5 s that a caller is promised at most. */
export const longestMs = 4_500

const away = (cause?: unknown) =>
  new AppError('unavailable', 'The database does not answer right now. Please try again in a moment.', {}, { cause })

/** What a caller may be told of a failure; null when it is a bug, which nobody but the log is told about. */
export function toAppError(error: unknown): AppError | null {
  if (error instanceof AppError) return error
  return isDatabaseAway(error) ? away(error) : null
}

/**
 * postgres.js waits for a lost database without an end. A caller gets a plain answer in time instead; what was under way
 * may still happen, as with any lost reply.
 */
export async function inTime<T>(work: Promise<T>, ms = longestMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(away()), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
