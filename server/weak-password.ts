import { AppError } from '@/core/errors'
import { isMostlyKnown, knownWords } from '@/core/password-words'
import { strengthOf } from '@/runtime/password-strength'

/** Refuses what would be guessed first: passwords known from breaches, names of ours and of the person, and plain patterns. */
export function refuseWeakPassword(
  password: string,
  person: { firstName: string; lastName: string; email: string },
): void {
  const words = knownWords(person)
  const { isCommon, score } = strengthOf(password, words)
  if (isCommon) {
    refuse('This is one of the passwords that are tried first, because many people have it. Please choose another.')
  }
  if (isMostlyKnown(password, words)) {
    refuse('This is little more than a name or word that others know of you or of us. Please choose another.')
  }
  if (score === 0) refuse('This is too easy to guess. A few words in a row are better.')
}

function refuse(sentence: string): never {
  throw new AppError('invalid', sentence, { password: sentence })
}
