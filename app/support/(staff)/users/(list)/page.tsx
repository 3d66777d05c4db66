import type { Metadata } from 'next'
import type { PageParameters } from '@/app/_ui/list-query'
import { inTime } from '@/server/failures'
import { listUsers } from '@/server/list-users'
import { requireStaff } from '../../../require-staff'
import { UserList } from './user-list'
import { usersQuery } from './users-query'

export const metadata: Metadata = { title: 'Users' }

export default async function UsersPage({ searchParams }: { searchParams: Promise<PageParameters> }) {
  const { actor, context } = await requireStaff()
  const query = usersQuery(await searchParams)
  return <UserList actor={actor} first={{ query, answer: await inTime(listUsers(context, query)) }} />
}
