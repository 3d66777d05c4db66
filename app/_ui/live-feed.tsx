'use client'

import { useQueryClient } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react'
import { applyLive } from './apply-live'
import { followLive } from './live-line'

/** Whether changes are told: not known yet while the page begins to listen. */
type FeedState = 'beginning' | 'here' | 'away'

const LiveFeedContext = createContext<FeedState>('beginning')

/** A page that still does not listen after this says so. */
const beginMs = 5_000

/** Keeps what the pages below it show up to date, by one connection for all tabs of this browser. */
export function LiveFeedProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient()
  const [state, setState] = useState<FeedState>('beginning')

  useEffect(() => {
    const apply = applyLive(queries)
    const stop = followLive((event) => {
      if (event.event === 'here' || event.event === 'away') setState(event.event)
      apply(event)
    })
    const timer = setTimeout(() => setState((before) => (before === 'beginning' ? 'away' : before)), beginMs)
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [queries])

  return <LiveFeedContext value={state}>{children}</LiveFeedContext>
}

export const useFeedState = (): FeedState => useContext(LiveFeedContext)
