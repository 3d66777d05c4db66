import type { UserFilter } from '@/core/requests'
import { countRoughly } from '@/db/count-roughly'
import { countUsers as countFound } from '@/db/find-users'
import type { Context } from './context'
import { pageRead } from './page-read'

export type UserCount = {
  /** How many fit the filter, counted up to 10,000; where mail is filtered up to 1,000. */
  count: number
  /** False: there are more, or there may be. */
  is_exact: boolean
  /** All there are, whatever the filter; from 10,000 on the estimate of the database. */
  total: number
  total_is_estimate: boolean
}

const countAtMost = 10_000
/** Each has their last mail looked up. */
const countOfMailAtMost = 1_000

/** A zone alone leaves nobody out. */
const isWhole = (filter: UserFilter) =>
  Object.entries(filter).every(([name, value]) => name === 'zone' || value === undefined)

/** Those of the filter, as well as they are known. */
export async function countFoundUsers(
  pages: Context['pages'],
  filter: UserFilter,
): Promise<{ count: number; isExact: boolean }> {
  if (isWhole(filter)) return countRoughly(pages, 'users', countAtMost)
  const most = filter.mail === undefined ? countAtMost : countOfMailAtMost
  const { count, isAll } = await countFound(pages, filter, most)
  return { count, isExact: isAll }
}

/** How many there are. Nothing here counts further than it must. */
export async function countUsers({ pages }: Pick<Context, 'pages'>, filter: UserFilter): Promise<UserCount> {
  const [found, all] = await pageRead(
    Promise.all([countFoundUsers(pages, filter), countRoughly(pages, 'users', countAtMost)]),
  )
  return { count: found.count, is_exact: found.isExact, total: all.count, total_is_estimate: !all.isExact }
}
