'use client'

import { useSyncExternalStore } from 'react'

let said = ''
const listeners = new Set<() => void>()

/** Says something to people who use a screen reader, without moving anything. */
export function announce(sentence: string): void {
  said = sentence
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function LiveRegion() {
  const sentence = useSyncExternalStore(
    subscribe,
    () => said,
    () => '',
  )
  return (
    <output aria-live="polite" className="unseen">
      {sentence}
    </output>
  )
}
