import type { MessageFilter } from '@/core/requests'
import type { MessageListItem } from '@/core/views'
import type { Context } from './context'
import { csvStream, exportPageSize } from './csv-stream'
import { messagesBefore } from './list-messages'
import { withInstants } from './message-time'

const heads = [
  'Asked for (UTC)',
  'By',
  'Id',
  'Type',
  'Template',
  'To',
  'Subject',
  'Status',
  'May have been delivered',
  'Delivery',
  'Failed tries',
  'Accepted (UTC)',
  'Closed (UTC)',
  'Given up because',
  'Last reply',
  'What happened',
]

/** What a list shows of a mail: never what stands in it. */
const cellsOf = (message: MessageListItem) => [
  message.created_at,
  message.created_by,
  message.id,
  message.type,
  message.template,
  message.to,
  message.subject,
  message.status,
  message.may_have_been_delivered ? 'yes' : 'no',
  message.delivery,
  message.retry_count,
  message.sent_at,
  message.closed_at,
  message.dead_reason,
  message.last_reply,
  message.summary,
]

/** All messages of a filter as CSV, newest first. */
export function exportMessages(
  { pages, config, log }: Pick<Context, 'pages' | 'config' | 'log'>,
  filter: MessageFilter,
  caller: { requestId: string; mayStill: () => Promise<boolean> },
): ReadableStream<Uint8Array> {
  // "The last hour" is the one before the export began, however long it takes.
  const fixed = withInstants(filter, Date.now())
  return csvStream<MessageListItem, string>(
    { log },
    {
      name: 'messages',
      ...caller,
      heads,
      cellsOf,
      async readPage(before) {
        const page = await messagesBefore({ pages, config }, fixed, { before, limit: exportPageSize })
        return { rows: page.messages, goOnAfter: page.next_cursor }
      },
    },
  )
}
