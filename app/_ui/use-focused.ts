import { useEffect, useRef, type RefObject } from 'react'

/** What this refers to gets the focus as soon as it is shown. */
export function useFocused<T extends HTMLElement>(): RefObject<T | null> {
  const ref = useRef<T>(null)
  useEffect(() => ref.current?.focus(), [])
  return ref
}
