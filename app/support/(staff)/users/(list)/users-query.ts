import { lenientQuery, toSearch, trailOf, type PageParameters } from '@/app/_ui/list-query'
import { toCursor } from '@/core/cursor'
import { listUsersQuery, userFilter, type ListUsersQuery, type UserFilter } from '@/core/requests'

export const pageSizes = [10, 25, 50, 100] as const

/** The page shows more people at once than the API does when nothing is said, goes by cursors, and counts apart. */
export function usersQuery(parameters: PageParameters): ListUsersQuery {
  const cursor = trailOf(parameters).at(-1)
  const query = lenientQuery(listUsersQuery, {
    page_size: '25',
    ...parameters,
    page: undefined,
    cursor,
    count: 'none',
  })
  // An old link may hold a place in another order.
  return query.cursor && query.cursor[0] !== query.sort_by ? { ...query, cursor: undefined } : query
}

/** Who is counted: all of the filter, not only this page. */
export const filterOf = (parameters: PageParameters): UserFilter => lenientQuery(userFilter, parameters)

export const pathOf = ({ cursor, ...query }: ListUsersQuery): string =>
  `/api/users?${toSearch({ ...query, cursor: cursor && toCursor(cursor) })}`

export const countPathOf = (filter: UserFilter): string => `/api/users/count?${toSearch(filter)}`
