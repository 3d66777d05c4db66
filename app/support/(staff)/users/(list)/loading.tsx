import { ListSkeleton } from '@/app/_ui/list-skeleton'

export default function UsersLoading() {
  return <ListSkeleton title="Users" />
}
