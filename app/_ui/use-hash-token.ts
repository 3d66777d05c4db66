'use client'

import { useSyncExternalStore } from 'react'

const subscribeToHash = (onChange: () => void) => {
  window.addEventListener('hashchange', onChange)
  return () => window.removeEventListener('hashchange', onChange)
}

/** The token of a link: behind the `#`, so that it is in no request for the page. Null while the page wakes up. */
export const useHashToken = (): string | null =>
  useSyncExternalStore(
    subscribeToHash,
    () => window.location.hash.slice(1),
    () => null,
  )
