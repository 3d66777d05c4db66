import { ListSkeleton } from '@/app/_ui/list-skeleton'

export default function AuditLoading() {
  return <ListSkeleton title="Audit" />
}
