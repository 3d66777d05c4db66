import type { ListUsersQuery } from '@/core/requests'
import type { UserView } from '@/core/views'
import { listUserViews } from '@/db/users'
import type { Context } from './context'

export type UserPage = { users: UserView[]; total_count: number; page: number; page_size: number; total_pages: number }

/** One page of people, as asked for. */
export async function listUsers({ db }: Context, query: ListUsersQuery): Promise<UserPage> {
  const { users, totalCount } = await listUserViews(db, query)
  const { page, page_size } = query
  return { users, total_count: totalCount, page, page_size, total_pages: Math.ceil(totalCount / page_size) }
}
