import type { Metadata } from 'next'
import { inTime } from '@/server/failures'
import { listMessagesQuery } from '@/core/requests'
import { getDelivery } from '@/server/get-delivery'
import { listMessages } from '@/server/list-messages'
import { requireStaff } from '../require-staff'
import { Overview } from './overview'

export const metadata: Metadata = { title: 'Overview' }

const newest = listMessagesQuery.parse({ limit: '6' })

export default async function OverviewPage() {
  const { actor, context } = await requireStaff()
  const [first, delivery] = await inTime(Promise.all([listMessages(context, newest), getDelivery(context)]))
  return <Overview actor={actor} first={first} delivery={delivery} />
}
