'use client'

import { Unplug } from 'lucide-react'
import { useTickingNow } from './clock'
import { span } from './format-time'
import { useFeedState } from './live-feed'
import styles from './live.module.css'

/**
 * Says whether what is shown keeps up by itself, and if not how old it is. It never moves anything: both words stand in the same
 * place, which is empty until one of them is true.
 */
export function Live({ query }: { query: { isError: boolean; dataUpdatedAt: number } }) {
  const state = useFeedState()
  const isBehind = state === 'away' || query.isError
  const now = useTickingNow(isBehind)
  if (!isBehind)
    return (
      <span className={styles.live} data-unknown={state === 'beginning'}>
        <i className={styles.dot} aria-hidden />
        Live
      </span>
    )
  return (
    <span className={styles.live}>
      <Unplug size={13} aria-hidden />
      {query.dataUpdatedAt > 0 ? `Updated ${span(now - query.dataUpdatedAt)} ago` : 'Not live'}
    </span>
  )
}
