import { idIn } from '@/core/message-id'
import { listMessagesQuery, listUsersQuery } from '@/core/requests'
import type { SearchView } from '@/core/views'
import { findMessageId, findMessages } from '@/db/messages'
import type { Context } from './context'
import { listMessages } from './list-messages'
import { listUsers } from './list-users'
import { pageRead } from './page-read'
import { toldMessages } from './told-messages'

/** Of each. */
const most = 5

/** The first people and messages that fit what somebody types: a name, an address, a subject or an id. */
export async function search(context: Context, text: string): Promise<SearchView> {
  const id = idIn(text)
  if (id) {
    const own = await pageRead(findMessageId(context.pages, id))
    const found = own === null ? [] : await pageRead(findMessages(context.pages, [own]))
    return { people: [], messages: toldMessages(context, found) }
  }
  const [{ users }, { messages }] = await Promise.all([
    listUsers(context, {
      ...listUsersQuery.parse({ search: text, page_size: String(most), count: 'none' }),
      isOfWords: true,
    }),
    listMessages(context, listMessagesQuery.parse({ search: text, limit: String(most) })),
  ])
  const people = users.map(({ id, first_name, last_name, email, role }) => ({ id, first_name, last_name, email, role }))
  return { people, messages }
}
