import { summaryOf } from '@/app/_ui/about-message'
import { linkWords } from '@/core/customer-words'
import type { Words } from '@/core/sentences'
import type { AnswerView } from '@/core/views'

/** What of an answer is worth saying again to who cannot see it: not the time until the next try, which runs by the second. */
export const toldOf = (found: AnswerView): string =>
  found.kind === 'answer' && found.message ? `${found.message.id} ${found.message.status}` : found.kind

/** The one sentence of an answer, as it is said to who cannot see the page. */
export function answerWords(found: AnswerView, question: string, words: Words, now: number): string {
  switch (found.kind) {
    case 'nothing':
      return `Nobody and no mail is found for “${question}”.`
    case 'choices':
      return choicesWords(found)
    case 'answer':
      return found.message
        ? [summaryOf(found.message, words, now), linkWords(found.message, words)].filter(Boolean).join(' ')
        : `No mail to ${found.address} was asked for.`
    default:
      return found satisfies never
  }
}

export function choicesWords({ people, is_near: isNear }: AnswerView & { kind: 'choices' }): string {
  if (isNear) return 'Nobody is found by exactly that. Is it one of these?'
  return people.length > 0 ? 'Several people fit. Who is it?' : 'Several addresses fit. Which is it?'
}
