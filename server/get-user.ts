import { AppError } from '@/core/errors'
import type { UserView } from '@/core/views'
import { findUserView } from '@/db/users'
import type { Context } from './context'

export async function getUser({ db }: Context, id: number): Promise<UserView> {
  const user = await findUserView(db, id)
  if (!user) throw new AppError('not_found', 'There is no such user.')
  return user
}
