import { toCursor } from '@/core/cursor'
import type { ListSuppressionsQuery } from '@/core/suppression-requests'
import type { SuppressionView } from '@/core/views'
import { listSuppressions as findSuppressions } from '@/db/suppressions'
import type { Context } from './context'

export type SuppressionPage = { suppressions: SuppressionView[]; next_cursor: string | null }

/** Newest first; `next_cursor` leads to older ones. */
export async function listSuppressions({ db }: Context, query: ListSuppressionsQuery): Promise<SuppressionPage> {
  const found = await findSuppressions(db, { ...query, limit: query.limit + 1 })
  const page = found.slice(0, query.limit)
  const last = page.at(-1)
  return {
    suppressions: page.map(({ view }) => view),
    next_cursor: last && found.length > page.length ? toCursor(last.place) : null,
  }
}
