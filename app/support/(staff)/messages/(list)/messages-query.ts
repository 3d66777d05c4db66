import { lenientQuery, trailOf, type PageParameters } from '@/app/_ui/list-query'
import { listMessagesQuery, messageFilter, type ListMessagesQuery, type MessageFilter } from '@/core/requests'

export const messagesQuery = (parameters: PageParameters): ListMessagesQuery =>
  lenientQuery(listMessagesQuery, { ...parameters, person: undefined, cursor: trailOf(parameters).at(-1) })

/** What is counted and exported: all messages of the filter, not only this page. */
export const filterOf = (parameters: PageParameters): MessageFilter => lenientQuery(messageFilter, parameters)
