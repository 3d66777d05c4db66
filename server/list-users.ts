import { toCursor } from '@/core/cursor'
import { AppError } from '@/core/errors'
import type { ListUsersQuery } from '@/core/requests'
import type { UserView } from '@/core/views'
import { findUserIds, type UserWords } from '@/db/find-users'
import { findUserViews } from '@/db/users'
import type { Context } from './context'
import { countFoundUsers } from './count-users'
import { pageRead } from './page-read'

export type UserPage = {
  users: UserView[]
  /** Null when nobody asked for a count. From 10,000 on, and where mail is filtered from 1,000 on, an estimate, or at least so many. */
  total_count: number | null
  total_is_estimate: boolean
  page: number
  page_size: number
  total_pages: number | null
  /** Leads on from here; there may be more even when this page is not full. */
  next_cursor: string | null
  /** The search stopped before it had found a full page: nobody has looked at the rest yet. */
  is_partial: boolean
}

/** Pages by number reach so far: each entry before them has to be passed over. Cursors reach everywhere. */
const deepestEntry = 100_000

/** One page of people, as asked for. */
export async function listUsers(
  { pages }: Pick<Context, 'pages'>,
  query: ListUsersQuery & Pick<UserWords, 'isOfWords'>,
): Promise<UserPage> {
  const { page, page_size, sort_by, sort_order, cursor, count, ...filter } = query
  const order = { by: sort_by, order: sort_order }
  const offset = cursor === undefined ? (page - 1) * page_size : 0
  if (offset > deepestEntry) {
    const fault = 'Pages by number end at entry 100,000: go on with next_cursor as cursor.'
    throw new AppError('invalid', `page: ${fault}`, { page: fault })
  }
  if (cursor !== undefined && cursor[0] !== sort_by) {
    const fault = 'This cursor belongs to another order.'
    throw new AppError('invalid', `cursor: ${fault}`, { cursor: fault })
  }
  const [found, total] = await pageRead(
    Promise.all([
      findUserIds(pages, filter, order, { after: cursor, offset, limit: page_size }),
      count === 'none' ? null : countFoundUsers(pages, filter),
    ]),
  )
  return {
    users: await pageRead(findUserViews(pages, found.ids)),
    total_count: total?.count ?? null,
    total_is_estimate: total !== null && !total.isExact,
    page,
    page_size,
    total_pages: total && Math.ceil(total.count / page_size),
    next_cursor: found.goOnAfter && toCursor(found.goOnAfter),
    is_partial: found.isPartial,
  }
}
