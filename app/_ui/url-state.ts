'use client'

import { usePathname, useSearchParams } from 'next/navigation'
import { useCallback } from 'react'

export type Changes = Record<string, string | readonly string[] | null>

/** The query string with some parameters changed; null and the empty list take a parameter away. */
export function changed(current: URLSearchParams, changes: Changes): string {
  const next = new URLSearchParams(current)
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name)
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) next.append(name, one)
  }
  return next.size > 0 ? `?${next}` : ''
}

/**
 * What a list shows stands in the address: it can be sent to a colleague, and Back works. Written by the History API,
 * which Next follows without rendering the page on the server again.
 */
export function useUrlState() {
  const pathname = usePathname()
  const parameters = useSearchParams()
  const change = useCallback(
    (changes: Changes, how: 'push' | 'replace' = 'push') => {
      // Read from the window, not from the last render: two changes may follow one another at once.
      const query = changed(new URLSearchParams(window.location.search), changes)
      if (query === window.location.search) return
      if (how === 'push') window.history.pushState(null, '', pathname + query)
      else window.history.replaceState(null, '', pathname + query)
    },
    [pathname],
  )
  return { parameters, change }
}
