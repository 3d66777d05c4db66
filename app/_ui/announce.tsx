'use client'

import { useEffect, useId, useSyncExternalStore } from 'react'
import { newAnnouncer } from './announcer'

const announcer = newAnnouncer()

/** Says something to people who use a screen reader, without moving anything. */
export const announce = (sentence: string): void => announcer.announce(sentence)

/** Stands at the end of the page, and in each dialog. */
export function LiveRegion() {
  const id = useId()
  useEffect(() => announcer.add(id), [id])
  const sentence = useSyncExternalStore(
    announcer.subscribe,
    () => announcer.saidIn(id),
    () => '',
  )
  return (
    <output aria-live="polite" className="unseen">
      {sentence}
    </output>
  )
}
