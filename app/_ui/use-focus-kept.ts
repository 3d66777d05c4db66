import { useEffect, useMemo, useRef, type FocusEvent } from 'react'

/**
 * Where the control that has the focus goes away, because it did what it was there for, the keyboard would begin at the top of the
 * document again. It goes on at `next`, or at the heading of the page.
 * @returns for what stands around the controls
 */
export function useFocusKept(next?: () => HTMLElement | null | undefined) {
  const isInside = useRef(false)
  const keep = () => {
    if (!isInside.current || document.activeElement !== document.body) return
    isInside.current = false
    const target = next?.() ?? document.querySelector<HTMLElement>('h1')
    target?.focus({ preventScroll: true })
  }
  useEffect(keep)
  // The controls may go with all that stands around them.
  const last = useRef(keep)
  useEffect(() => {
    last.current = keep
  })
  useEffect(() => () => last.current(), [])
  return useMemo(
    () => ({
      onFocus: () => {
        isInside.current = true
      },
      // React tells of this only where somebody moves on: what is taken away loses the focus without a word.
      onBlur: ({ currentTarget, relatedTarget }: FocusEvent) => {
        isInside.current = currentTarget.contains(relatedTarget)
      },
    }),
    [],
  )
}
