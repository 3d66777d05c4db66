import type { ListMessagesQuery } from '@/core/requests'
import { summarise } from '@/core/sentences'
import type { MessageListItem } from '@/core/views'
import { listMessages as findMessages } from '@/db/messages'
import type { Context } from './context'
import { apiWords } from './words'

export type MessagePage = { messages: MessageListItem[]; next_cursor: string | null }

/** Newest first; `next_cursor` leads to older ones. */
export async function listMessages({ db, config }: Context, query: ListMessagesQuery): Promise<MessagePage> {
  const { limit } = query
  const found = await findMessages(db, { ...query, limit: limit + 1 })
  const words = apiWords(config)
  const messages = found.slice(0, limit).map(({ item, facts }) => ({ ...item, summary: summarise(facts, words) }))
  return { messages, next_cursor: found.length > limit ? (messages.at(-1)?.id ?? null) : null }
}
