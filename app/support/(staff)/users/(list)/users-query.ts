import { lenientQuery, type PageParameters } from '@/app/_ui/list-query'
import { listUsersQuery, type ListUsersQuery } from '@/core/requests'

export const pageSizes = [10, 25, 50, 100] as const

/** The page shows more people at once than the API does when nothing is said. */
export const usersQuery = (parameters: PageParameters): ListUsersQuery =>
  lenientQuery(listUsersQuery, { page_size: '25', ...parameters })
