import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { can } from '@/core/permissions'
import { inTime } from '@/server/failures'
import { listKeys } from '@/server/list-keys'
import { requireStaff } from '../../require-staff'
import { Keys } from './keys'

export const metadata: Metadata = { title: 'API keys' }

export default async function KeysPage() {
  const { actor, context } = await requireStaff()
  if (!can(actor, 'key.list')) notFound()
  return <Keys actor={actor} first={await inTime(listKeys(context, actor))} />
}
