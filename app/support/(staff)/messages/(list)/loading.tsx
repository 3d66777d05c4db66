import { ListSkeleton } from '@/app/_ui/list-skeleton'

export default function MessagesLoading() {
  return <ListSkeleton title="Messages" />
}
