import { summarise } from '@/core/sentences'
import type { MessageListItem } from '@/core/views'
import type { StoredMessage } from '@/db/messages'
import type { Context } from './context'
import { apiWords } from './words'

/** Messages as lists show them, each with its sentence. */
export function toldMessages({ config }: Pick<Context, 'config'>, stored: readonly StoredMessage[]): MessageListItem[] {
  const words = apiWords(config)
  return stored.map(({ item, facts }) => ({ ...item, summary: summarise(facts, words) }))
}
