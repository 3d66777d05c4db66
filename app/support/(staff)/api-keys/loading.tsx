import { ListSkeleton } from '@/app/_ui/list-skeleton'

export default function KeysLoading() {
  return <ListSkeleton title="API keys" />
}
