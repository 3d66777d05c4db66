import { lenientQuery, type PageParameters } from '@/app/_ui/list-query'
import { listMessagesQuery, type ListMessagesQuery } from '@/core/requests'

/** The cursors of the pages that led here, the present one last: so Previous works after a reload too. */
export const trailOf = (parameters: PageParameters): string[] => [parameters['cursor'] ?? []].flat()

export const messagesQuery = (parameters: PageParameters): ListMessagesQuery =>
  lenientQuery(listMessagesQuery, { ...parameters, cursor: trailOf(parameters).at(-1) })
