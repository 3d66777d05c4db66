import { AppError } from '@/core/errors'
import { instantOfId } from '@/core/message-id'
import type { ListMessagesQuery, MessageFilter } from '@/core/requests'
import type { MessageListItem } from '@/core/views'
import { findMailOf, findMessageIds } from '@/db/find-messages'
import { findMessages } from '@/db/messages'
import { findUser } from '@/db/users'
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
export async function listMessages(
  { pages, config }: Pick<Context, 'pages' | 'config'>,
  { cursor, limit, person, ...filter }: ListMessagesQuery,
): Promise<MessagePage> {
  const range = { before: cursor, limit }
  if (person !== undefined && Object.values(filter).some((value) => value !== undefined)) {
    const fault = 'This goes with cursor and limit alone; user and address go with every filter.'
    throw new AppError('invalid', `person: ${fault}`, { person: fault })
  }
  return await pageRead(
    person === undefined
      ? messagesBefore({ pages, config }, filter, range)
      : mailOfPerson({ pages, config }, person, range),
  )
}

async function mailOfPerson(
  { pages, config }: Pick<Context, 'pages' | 'config'>,
  person: number,
  { before, limit }: { before: string | undefined; limit: number },
): Promise<MessagePage> {
  const user = await findUser(pages, person)
  // An open page may ask for somebody who has just been deleted: like any filter, it then finds nothing.
  if (!user) return { messages: [], next_cursor: null, searched_back_to: null }
  const found = await findMailOf(pages, { user: person, address: user.email }, { before, limit: limit + 1 })
  return toPage({ pages, config }, found, limit)
}

/** A page of any size; an export reads larger ones than the API gives. */
export async function messagesBefore(
  { pages, config }: Pick<Context, 'pages' | 'config'>,
  filter: MessageFilter,
  { before, limit }: { before: string | undefined; limit: number },
): Promise<MessagePage> {
  const found = await findMessageIds(pages, withInstants(filter, Date.now()), { before, limit: limit + 1 })
  return toPage({ pages, config }, found, limit)
}

async function toPage(
  { pages, config }: Pick<Context, 'pages' | 'config'>,
  { ids, goOnBefore }: { ids: string[]; goOnBefore: string | null },
  limit: number,
): Promise<MessagePage> {
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
