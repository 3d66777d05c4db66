import type { Metadata } from 'next'
import { inTime } from '@/server/failures'
import { listMessagesQuery } from '@/core/requests'
import { listMessages } from '@/server/list-messages'
import { requireStaff } from '../require-staff'
import { Overview } from './overview'

export const metadata: Metadata = { title: 'Overview' }

const newest = listMessagesQuery.parse({ limit: '6' })

export default async function OverviewPage() {
  const { actor, context } = await requireStaff()
  return <Overview actor={actor} first={await inTime(listMessages(context, newest))} />
}
