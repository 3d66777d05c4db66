import { AppError } from '@/core/errors'
import { isDatabaseAway, withoutParameters } from '@/db/failure'

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
 *
 * What fails leaves without the parameters of its query: Next prints each fault of a page itself, before we are asked.
 */
export async function inTime<T>(work: Promise<T>, ms = longestMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(away()), ms)
  })
  try {
    return await Promise.race([work, late])
  } catch (error) {
    throw withoutParameters(error)
  } finally {
    clearTimeout(timer)
  }
}

/** What the log is told of a page that could not be made; the page shows the digest. Never what was searched for. */
export function pageFailure(error: unknown, request: { path: string; method: string }): Record<string, unknown> {
  const path = (request.path.split(/[?#]/)[0] ?? '').replaceAll(/[\p{Cc}\u2028\u2029]/gu, '\uFFFD')
  const digest = error instanceof Error && 'digest' in error ? error.digest : undefined
  return { method: request.method, path, digest, err: withoutParameters(error) }
}
