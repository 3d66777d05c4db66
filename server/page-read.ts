import { AppError } from '@/core/errors'
import { isStatementEnded } from '@/db/failure'

/** What a page reads through `context.pages`: a statement that was ended because it took too long is a search that is too wide. */
export async function pageRead<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isStatementEnded(error)) throw error
    const sentence = 'This search took too long. Narrow it: a longer text, one more filter or a shorter time.'
    throw new AppError('unavailable', sentence, {}, { cause: error })
  }
}
