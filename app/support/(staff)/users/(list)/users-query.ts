import { lenientQuery, toSearch, trailOf, type PageParameters } from '@/app/_ui/list-query'
import { toCursor } from '@/core/cursor'
import { listUsersQuery, userFilter, type ListUsersQuery, type UserFilter } from '@/core/requests'
import { typedDay } from '@/core/typed-day'

export const pageSizes = [10, 25, 50, 100] as const

/** A day that is typed is one of the reader's zone. */
const zoneFor = ({ search }: PageParameters, zone: string) =>
  typeof search === 'string' && typedDay(search) ? zone : undefined

/** The page shows more people at once than the API does when nothing is said, goes by cursors, and counts apart. */
export function usersQuery(parameters: PageParameters, zone: string): ListUsersQuery {
  const cursor = trailOf(parameters).at(-1)
  const query = lenientQuery(listUsersQuery, {
    page_size: '25',
    ...parameters,
    zone: zoneFor(parameters, zone),
    page: undefined,
    cursor,
    count: 'none',
  })
  // An old link may hold a place in another order.
  return query.cursor && query.cursor[0] !== query.sort_by ? { ...query, cursor: undefined } : query
}

/** Who is counted: all of the filter, not only this page. */
export const filterOf = (parameters: PageParameters, zone: string): UserFilter =>
  lenientQuery(userFilter, { ...parameters, zone: zoneFor(parameters, zone) })

export const pathOf = ({ cursor, ...query }: ListUsersQuery): string =>
  `/api/users?${toSearch({ ...query, cursor: cursor && toCursor(cursor) })}`

export const countPathOf = (filter: UserFilter): string => `/api/users/count?${toSearch(filter)}`
