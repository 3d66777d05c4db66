import type { Metadata } from 'next'
import type { PageParameters } from '@/app/_ui/list-query'
import { inTime } from '@/server/failures'
import { listMessages } from '@/server/list-messages'
import { requireStaff } from '../../../require-staff'
import { MessageList } from './message-list'
import { messagesQuery } from './messages-query'

export const metadata: Metadata = { title: 'Messages' }

export default async function MessagesPage({ searchParams }: { searchParams: Promise<PageParameters> }) {
  const { context } = await requireStaff()
  const query = messagesQuery(await searchParams)
  return <MessageList first={{ query, answer: await inTime(listMessages(context, query)) }} />
}
