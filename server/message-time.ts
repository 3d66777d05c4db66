import type { MessageFilter, RecentSpan } from '@/core/requests'

const hour = 60 * 60_000
const spanMs: Record<RecentSpan, number> = { '1h': hour, '24h': 24 * hour, '7d': 7 * 24 * hour, '30d': 30 * 24 * hour }

/** The filter with `within` told as an instant; of two beginnings the later one holds. */
export function withInstants<F extends MessageFilter>({ within, ...filter }: F, now: number) {
  const since = within === undefined ? undefined : new Date(now - spanMs[within]).toISOString()
  const from = [filter.from, since]
    .filter((one) => one !== undefined)
    .toSorted()
    .at(-1)
  return { ...filter, from }
}
