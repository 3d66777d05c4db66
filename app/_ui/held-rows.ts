'use client'

import { useCallback, useMemo, useRef, useState, type FocusEvent, type PointerEvent } from 'react'
import { flushSync } from 'react-dom'

type Id = string | number

/**
 * What a list shows when there is something newer: every row keeps its place, and only its words change. What is new waits,
 * unless it comes after all others, where it moves nothing.
 * @param isHeld somebody points at the list, or stands in it: what is gone from it keeps its place too
 */
export function holdRows<Row>(
  shown: readonly Row[],
  fresh: readonly Row[],
  idOf: (row: Row) => Id,
  isHeld: boolean,
): { rows: Row[]; waiting: number } {
  if (shown.length === 0) return { rows: [...fresh], waiting: 0 }
  const newest = new Map(fresh.map((row) => [idOf(row), row]))
  const known = new Set(shown.map(idOf))
  const lastKept = fresh.findLastIndex((row) => known.has(idOf(row)))
  // None of them is on this page any more: all that is here came before them.
  const behind = lastKept === -1 ? [] : fresh.slice(lastKept + 1)
  const waiting = fresh.length - behind.length - fresh.filter((row) => known.has(idOf(row))).length

  const lastThere = shown.findLastIndex((row) => newest.has(idOf(row)))
  // What waits has pushed as many over the end of the page: they are not gone.
  const pushedOff = new Set(
    shown
      .slice(lastThere + 1)
      .slice(0, waiting)
      .map(idOf),
  )
  const rows = shown
    .filter((row) => isHeld || newest.has(idOf(row)) || pushedOff.has(idOf(row)))
    .map((row) => newest.get(idOf(row)) ?? row)
  return { rows: [...rows, ...(waiting > 0 ? [] : behind)], waiting }
}

export type HeldRows<Row> = {
  rows: Row[]
  /** How many new ones wait. */
  waiting: number
  showNew: () => void
  /** For what stands around the list. */
  around: ReturnType<typeof useHold>
}

/**
 * The name of what a list shows. Null when nothing of it is there yet, because it is on its way or could not be read: else the
 * rows of the filter before, which stand in for it at the next try, would pass for its own.
 */
export const shownOf = (list: { data: unknown; isPlaceholderData: boolean }, path: string): string | null =>
  list.data === undefined || list.isPlaceholderData ? null : path

/**
 * Holds the rows of a list still.
 * @param options.of names what is shown: with another filter, order or page all is new, and shown at once. Null while that is on
 * its way and the old rows still stand there
 */
export function useHeldRows<Row>(options: {
  of: string | null
  rows: readonly Row[]
  idOf: (row: Row) => Id
}): HeldRows<Row> {
  const { of, rows: fresh, idOf } = options
  const [isHeld, setIsHeld] = useState(false)
  const [held, setHeld] = useState({ of, fresh, isHeld, rows: [...fresh], waiting: 0 })

  let current = held
  if (of !== null && of !== held.of) current = { of, fresh, isHeld, rows: [...fresh], waiting: 0 }
  else if (fresh !== held.fresh || isHeld !== held.isHeld) {
    current = { of: held.of, fresh, isHeld, ...holdRows(held.rows, fresh, idOf, isHeld) }
  }
  if (current !== held) setHeld(current)

  const around = useHold(setIsHeld)
  const showNew = useCallback(() => {
    const wasPressed = document.activeElement?.closest('[data-new-rows]')
    flushSync(() => setHeld((before) => ({ ...before, rows: [...before.fresh], waiting: 0 })))
    // The button is gone: who pressed it goes on with the first of what it has shown.
    if (wasPressed) around.ref.current?.querySelector<HTMLElement>('tbody a')?.focus({ preventScroll: true })
  }, [around])
  return { rows: current.rows, waiting: current.waiting, showNew, around }
}

/** Whether somebody points at the list, or has the focus in it. */
function useHold(onChange: (isHeld: boolean) => void) {
  const ref = useRef<HTMLDivElement>(null)
  const by = useRef({ pointer: false, focus: false })
  return useMemo(() => {
    const note = (what: Partial<typeof by.current>) => {
      Object.assign(by.current, what)
      onChange(by.current.pointer || by.current.focus)
    }
    return {
      ref,
      // A finger points at nothing between two taps.
      onPointerEnter: (event: PointerEvent) => note({ pointer: event.pointerType === 'mouse' }),
      onPointerLeave: () => note({ pointer: false }),
      onFocus: () => note({ focus: true }),
      onBlur: ({ currentTarget, relatedTarget }: FocusEvent) => note({ focus: currentTarget.contains(relatedTarget) }),
    }
  }, [onChange])
}
