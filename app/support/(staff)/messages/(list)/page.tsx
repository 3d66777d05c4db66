import type { Metadata } from 'next'
import type { PageParameters } from '@/app/_ui/list-query'
import { countMessages } from '@/server/count-messages'
import { inTime } from '@/server/failures'
import { listMessages, templateNames } from '@/server/list-messages'
import { requireStaff } from '../../../require-staff'
import { MessageList } from './message-list'
import { filterOf, messagesQuery } from './messages-query'

export const metadata: Metadata = { title: 'Messages' }

export default async function MessagesPage({ searchParams }: { searchParams: Promise<PageParameters> }) {
  const { context } = await requireStaff()
  const parameters = await searchParams
  const [query, filter] = [messagesQuery(parameters), filterOf(parameters)]
  const [answer, count] = await inTime(Promise.all([listMessages(context, query), countMessages(context, filter)]))
  return <MessageList templates={templateNames} first={{ query, answer, filter, count }} />
}
