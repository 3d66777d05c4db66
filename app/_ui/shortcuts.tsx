'use client'

import { useRouter } from 'next/navigation'
import { createContext, useContext, useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react'
import { hasModifier, isPaletteKey, isTaken, keyOf } from './keys'
import { loadable } from './loadable'
import type { PalettePlace } from './palette'

/** Loaded when they are opened. */
const Palette = loadable(() => import('./palette'))
const KeyHelp = loadable(() => import('./key-help'))

type Opened = 'palette' | 'help' | null

const OpenContext = createContext<(what: 'palette' | 'help') => void>(() => undefined)
/** Opens the palette of commands, or the list of keys. */
export const useOpen = () => useContext(OpenContext)

/** After `g`, the key of a place counts for so long. */
const chordMs = 1_000

/** The keys of every page, and what they open. */
export function Shortcuts({ places, children }: { places: PalettePlace[]; children: ReactNode }) {
  const router = useRouter()
  const [opened, setOpened] = useState<Opened>(null)
  const isOn = useSingleKeys()
  const goneAt = useRef(-Infinity)
  const typedAhead = useRef('')

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return
      if (isPaletteKey(event)) {
        event.preventDefault()
        // Only ever one dialog is open.
        if (!hasDialog()) {
          typedAhead.current = ''
          setOpened('palette')
        }
        return
      }
      // The palette is still being loaded: what is typed is meant for it.
      if (opened === 'palette' && !hasDialog()) {
        if (hasModifier(event) || event.key.length > 1) return
        event.preventDefault()
        typedAhead.current += event.key
        return
      }
      if (!isOn || hasModifier(event) || isTaken(event.target)) return
      const key = keyOf(event)
      const href =
        performance.now() - goneAt.current < chordMs ? places.find((place) => place.key === key)?.href : undefined
      goneAt.current = key === 'g' ? performance.now() : -Infinity
      if (href !== undefined) router.push(href)
      else if (key === '?') setOpened('help')
      else if (key === '/') focusSearch(event)
      else if (!moveInTable(event, key)) turnPage(key, (to) => router.push(to))
    }
    document.addEventListener('keydown', press)
    document.addEventListener('click', noteList, true)
    return () => {
      document.removeEventListener('keydown', press)
      document.removeEventListener('click', noteList, true)
    }
  }, [isOn, opened, places, router])

  const close = () => setOpened(null)
  return (
    <OpenContext value={setOpened}>
      {children}
      {opened === 'palette' ? <Palette places={places} takeTyped={() => typedAhead.current} onClose={close} /> : null}
      {opened === 'help' ? <KeyHelp places={places} onClose={close} /> : null}
    </OpenContext>
  )
}

const hasDialog = (): boolean => document.querySelector('[role=dialog]') !== null

const isSeen = (element: HTMLElement): boolean => element.offsetParent !== null

function focusSearch(event: KeyboardEvent) {
  const search = [...document.querySelectorAll<HTMLElement>('#content input[type=search]')].find(isSeen)
  if (!search) return
  // Else it would be the first letter that is searched for.
  event.preventDefault()
  search.focus()
}

/** The links of the rows, one for each row that can be seen. */
const rowLinks = (): HTMLElement[] => {
  const rows = [...document.querySelectorAll<HTMLElement>('#content table tbody tr')]
  return rows.flatMap((row) => [...row.querySelectorAll<HTMLElement>('td[data-link] > a')].find(isSeen) ?? [])
}

/**
 * `j` and `k` go through the rows, Home and End to the first and the last once one has the focus; Enter opens it, as any link.
 * @returns false when there are no rows
 */
function moveInTable(event: KeyboardEvent, key: string): boolean {
  const links = rowLinks()
  if (links.length === 0) return false
  if (!['j', 'k', 'Home', 'End'].includes(key)) return true
  const row = event.target instanceof Element ? event.target.closest('tr') : null
  const at = row ? links.findIndex((link) => row.contains(link)) : -1
  if (at === -1 && key.length > 1) return true
  const last = links.length - 1
  const to = { j: Math.min(at + 1, last), k: Math.max(at - 1, 0), Home: 0, End: last }[
    key as 'j' | 'k' | 'Home' | 'End'
  ]
  event.preventDefault()
  links[to]?.focus({ preventScroll: true })
  links[to]?.closest('tr')?.scrollIntoView({ block: 'nearest' })
  return true
}

/** The rows of the list that the present page was opened from. */
let listed: string[] = []

function noteList({ target }: MouseEvent) {
  const link = target instanceof Element ? target.closest('#content td[data-link] > a') : null
  if (link) listed = rowLinks().map((one) => one.getAttribute('href') ?? '')
}

/** On a page that was opened from a list, `j` and `k` go to the next of the list, and the one before. */
function turnPage(key: string, go: (href: string) => void) {
  const at = listed.indexOf(window.location.pathname)
  const to = at === -1 ? undefined : { j: listed[at + 1], k: listed[at - 1] }[key]
  if (to !== undefined) go(to)
}

const stored = 'usual-store.single-keys'
const listeners = new Set<() => void>()
const subscribe = (listener: () => void) => {
  listeners.add(listener)
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

/** Whether keys without Ctrl do something: who dictates, or presses them by accident, turns them off (WCAG 2.1.4). */
export const useSingleKeys = (): boolean =>
  useSyncExternalStore(
    subscribe,
    () => localStorage.getItem(stored) !== 'off',
    () => true,
  )

export function turnSingleKeys(isOn: boolean): void {
  localStorage.setItem(stored, isOn ? 'on' : 'off')
  for (const listener of listeners) listener()
}
