import type { MessageFilter } from '@/core/requests'
import { countRoughly } from '@/db/count-roughly'
import { countMessages as countFound } from '@/db/find-messages'
import type { Context } from './context'
import { withInstants } from './message-time'
import { pageRead } from './page-read'

export type MessageCount = {
  /** How many fit the filter, counted up to 1,000. */
  count: number
  /** False: there are more, or there may be. */
  is_exact: boolean
  /** All there are, whatever the filter; from 1,000 on the estimate of the database. */
  total: number
  total_is_estimate: boolean
}

const countAtMost = 1_000

/** How many there are. Nothing here walks through a table. */
export async function countMessages({ pages }: Pick<Context, 'pages'>, filter: MessageFilter): Promise<MessageCount> {
  const [found, all] = await pageRead(
    Promise.all([
      countFound(pages, withInstants(filter, Date.now()), countAtMost),
      countRoughly(pages, 'messages', countAtMost),
    ]),
  )
  return { count: found.count, is_exact: found.isAll, total: all.count, total_is_estimate: !all.isExact }
}
