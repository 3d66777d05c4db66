import { instantOfId } from '@/core/message-id'
import type { ListMessagesQuery, MessageFilter } from '@/core/requests'
import type { MessageListItem } from '@/core/views'
import { findMessageIds } from '@/db/find-messages'
import { findMessages } from '@/db/messages'
import { templates } from '@/emails/registry'
import type { Context } from './context'
import { withInstants } from './message-time'
import { pageRead } from './page-read'
import { toldMessages } from './told-messages'

export type MessagePage = {
  messages: MessageListItem[]
  /** Leads to older ones; there may be some even when this page is not full. */
  next_cursor: string | null
  /** Set when the search stopped before it had found a full page: nobody has looked at what is older than this. */
  searched_back_to: string | null
}

/** Newest first. */
export function listMessages(
  { pages, config }: Pick<Context, 'pages' | 'config'>,
  { cursor, limit, ...filter }: ListMessagesQuery,
): Promise<MessagePage> {
  return pageRead(messagesBefore({ pages, config }, filter, { before: cursor, limit }))
}

/** A page of any size; an export reads larger ones than the API gives. */
export async function messagesBefore(
  { pages, config }: Pick<Context, 'pages' | 'config'>,
  filter: MessageFilter,
  { before, limit }: { before: string | undefined; limit: number },
): Promise<MessagePage> {
  const { ids, goOnBefore } = await findMessageIds(pages, withInstants(filter, Date.now()), {
    before,
    limit: limit + 1,
  })
  const stored = await findMessages(pages, ids.slice(0, limit))
  const isFull = ids.length > limit
  return {
    messages: toldMessages({ config }, stored),
    next_cursor: isFull ? (ids[limit - 1] ?? null) : goOnBefore,
    searched_back_to: isFull || goOnBefore === null ? null : instantOfId(goOnBefore),
  }
}

/** What a message can be made of here; a message of another service may name another one. */
export const templateNames: readonly string[] = Object.keys(templates)
