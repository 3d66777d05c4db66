import type { Metadata } from 'next'
import { readerZone } from '@/app/reader-zone'
import type { PageParameters } from '@/app/_ui/list-query'
import { countUsers } from '@/server/count-users'
import { inTime } from '@/server/failures'
import { listUsers } from '@/server/list-users'
import { requireStaff } from '../../../require-staff'
import { UserList } from './user-list'
import { countPathOf, filterOf, pathOf, usersQuery } from './users-query'

export const metadata: Metadata = { title: 'Users' }

export default async function UsersPage({ searchParams }: { searchParams: Promise<PageParameters> }) {
  const { actor, context } = await requireStaff()
  const [parameters, zone] = [await searchParams, await readerZone()]
  const [query, filter] = [usersQuery(parameters, zone), filterOf(parameters, zone)]
  const [answer, count] = await inTime(Promise.all([listUsers(context, query), countUsers(context, filter)]))
  return <UserList actor={actor} first={{ path: pathOf(query), answer, countPath: countPathOf(filter), count }} />
}
