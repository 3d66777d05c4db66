'use client'

import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { api, type ApiError } from './api'
import { isTold } from './apply-live'
import { useFeedState } from './live-feed'

/** While changes are told, pages look themselves only now and then, for what nobody tells: a mail that was erased, say. */
const safetyMs = 30_000

/**
 * What the API answers at a path, kept up to date while the page can be seen: by the live feed, and without it by asking again
 * and again. Old rows stay while new ones are on their way, and when a poll fails.
 */
export function usePolled<Answer>(options: {
  path: string
  /** How long to wait before the next look, without the live feed; false when nothing can change any more. */
  everyMs: (answer: Answer | undefined) => number | false
  /** What the server has put on the page already, and for which path. */
  first?: { path: string; answer: Answer }
  isKept?: boolean
}): UseQueryResult<Answer, ApiError> {
  const { path, everyMs, first, isKept = false } = options
  const isFed = useFeedState() === 'here' && isTold(path)
  return useQuery<Answer, ApiError>({
    queryKey: [path],
    queryFn: ({ signal }) => api<Answer>(path, { signal, isPoll: true }),
    refetchInterval: ({ state }) => {
      const ms = everyMs(state.data)
      // What the server put on the page may have changed before anybody listened.
      return ms === false || !isFed || state.dataUpdateCount === 0 ? ms : Math.max(ms, safetyMs)
    },
    initialData: first?.path === path ? first.answer : undefined,
    placeholderData: isKept ? keepPreviousData : undefined,
  })
}

/** A list looks again soon while something on it is under way, and now and then to see what is new. */
export const listPollMs = {
  underWay: 2000,
  quiet: 10_000,
  /** Nobody watches a total: it is only kept from growing old. */
  count: 30_000,
}
