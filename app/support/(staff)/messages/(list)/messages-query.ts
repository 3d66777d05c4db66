import { lenientQuery, trailOf, type PageParameters } from '@/app/_ui/list-query'
import { listMessagesQuery, type ListMessagesQuery } from '@/core/requests'

export const messagesQuery = (parameters: PageParameters): ListMessagesQuery =>
  lenientQuery(listMessagesQuery, { ...parameters, cursor: trailOf(parameters).at(-1) })
