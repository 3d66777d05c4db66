/** A refusal that a caller is told of, in plain words. Only app/api/handle.ts knows which HTTP status each code has. */
export type ErrorCode =
  | 'not_json'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'invalid'
  | 'too_many'
  | 'unavailable'

export class AppError extends Error {
  override name = 'AppError'

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** Field → what is wrong with it, in plain words. */
    readonly fields: Record<string, string> = {},
    /** `retryAfterSeconds`: when to ask again, of `too_many`. */
    readonly options: ErrorOptions & { retryAfterSeconds?: number } = {},
  ) {
    super(message, options)
  }
}
