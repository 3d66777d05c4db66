'use client'
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a combobox over links (WAI-ARIA APG) is made of no other elements */

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Search, X } from 'lucide-react'
import Link from 'next/link'
import { useEffect, useId, useState, type KeyboardEvent, type ReactNode } from 'react'
import { roleLabel } from '@/core/roles'
import type { SearchView } from '@/core/views'
import { api, type ApiError } from './api'
import { Dialog, dialogTitleId } from './dialog'
import styles from './palette.module.css'
import { shownStatus } from './status'
import { StatusChip } from './status-chip'
import { useFocused } from './use-focused'

/** `key`: pressed after `g`, it goes there. */
export type PalettePlace = { href: string; label: string; key?: string }

type Option = { href: string; id: string; shown: ReactNode }
type Group = { name: string; options: Option[] }

type Props = {
  places: PalettePlace[]
  /** What was typed before this was loaded. */
  takeTyped: () => string
  onClose: () => void
}

const debounceMs = 200

/** Jump to any place, person or message: a field, and below it what fits. Arrows choose, Enter goes there, Esc closes. */
export default function Palette({ onClose, ...rest }: Props) {
  return (
    <Dialog onClose={onClose} isAtTop>
      <Chooser onClose={onClose} {...rest} />
    </Dialog>
  )
}

function Chooser({ places, takeTyped, onClose }: Props) {
  const listId = useId()
  const field = useFocused<HTMLInputElement>()
  const [typed, setTyped] = useState(takeTyped)
  const [chosen, setChosen] = useState({ of: '', at: 0 })
  const text = useLater(typed.trim())
  const found = useQuery<SearchView, ApiError>({
    // Not a path: no change that the live feed tells is worth another search.
    queryKey: ['search', text],
    queryFn: ({ signal }) => api<SearchView>(`/api/search?q=${encodeURIComponent(text)}`, { signal }),
    enabled: text !== '',
    placeholderData: text === '' ? undefined : keepPreviousData,
    staleTime: 5_000,
  })
  const isSearching = typed.trim() !== '' && (typed.trim() !== text || found.isPending || found.isPlaceholderData)
  const groups = groupsOf(places, typed.trim(), typed.trim() === '' ? undefined : found.data)
  const options = groups.flatMap((group) => group.options)
  // What is chosen stays chosen for as long as nothing else is typed.
  const at = Math.min(chosen.of === typed ? chosen.at : 0, options.length - 1)
  const active = options[at]

  useEffect(() => {
    if (active) document.getElementById(active.id)?.scrollIntoView({ block: 'nearest' })
  }, [active])

  const choose = (to: number) => setChosen({ of: typed, at: (to + options.length) % options.length })
  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      if (options.length > 0) choose(at + (event.key === 'ArrowDown' ? 1 : -1))
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault()
      if (active) document.getElementById(active.id)?.click()
    }
  }

  return (
    <>
      <h2 id={dialogTitleId} className="unseen">
        Jump to
      </h2>
      <div className={styles.field}>
        <Search size={16} aria-hidden />
        <input
          ref={field}
          role="combobox"
          aria-label="A person, a message or a place"
          aria-expanded={options.length > 0}
          aria-controls={listId}
          aria-activedescendant={active?.id}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          placeholder="Name, address, subject or id"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={press}
        />
        <button type="button" aria-label="Close" title="Close" onClick={onClose}>
          <X size={16} aria-hidden />
        </button>
      </div>
      <div id={listId} role="listbox" aria-label="What fits" className={styles.list}>
        {groups.map((group) => (
          <div key={group.name} role="group" aria-label={group.name}>
            <div className={styles.name} aria-hidden>
              {group.name}
            </div>
            {group.options.map(({ href, id, shown }) => (
              <Link
                key={id}
                id={id}
                href={href}
                role="option"
                aria-selected={id === active?.id}
                tabIndex={-1}
                className={styles.option}
                onClick={onClose}
                onMouseMove={() => choose(options.findIndex((option) => option.id === id))}
              >
                {shown}
              </Link>
            ))}
          </div>
        ))}
      </div>
      <output className={styles.said} data-failed={found.error !== null}>
        {wordsOf({ typed: typed.trim(), isSearching, error: found.error, found: found.data })}
      </output>
    </>
  )
}

function wordsOf(state: {
  typed: string
  isSearching: boolean
  error: ApiError | null
  found: SearchView | undefined
}): string {
  const { typed, isSearching, error, found } = state
  if (typed === '') return 'Type a name, an address, a subject or an id.'
  if (isSearching) return 'Searching…'
  if (error) return `People and messages could not be searched: ${error.message} Places work all the same.`
  const people = found?.people.length ?? 0
  const messages = found?.messages.length ?? 0
  if (people + messages === 0) return `No person and no message fits “${typed}”.`
  const words = [
    ...(people > 0 ? [people === 1 ? '1 person' : `${people} people`] : []),
    ...(messages > 0 ? [messages === 1 ? '1 message' : `${messages} messages`] : []),
  ]
  return `${words.join(' and ')}, the first that fit. Enter opens.`
}

function groupsOf(places: PalettePlace[], typed: string, found: SearchView | undefined): Group[] {
  const wanted = typed.toLowerCase()
  const open = places.filter(({ label }) => label.toLowerCase().includes(wanted))
  const groups: Group[] = [
    // First, for they are there at once: what arrives later must not come between the eye and Enter.
    {
      name: 'Places',
      options: open.map(({ href, label }) => ({
        href,
        id: `palette-place-${href.replaceAll(/\W/g, '-')}`,
        shown: <span className={styles.what}>{label}</span>,
      })),
    },
    {
      name: 'People',
      options: (found?.people ?? []).map((person) => ({
        href: `/support/users/${person.id}`,
        id: `palette-person-${person.id}`,
        shown: (
          <>
            <span className={styles.what}>
              {person.first_name} {person.last_name}
            </span>
            <span className={styles.more}>{person.email}</span>
            <span className={styles.side}>{roleLabel(person.role)}</span>
          </>
        ),
      })),
    },
    {
      name: 'Messages',
      options: (found?.messages ?? []).map((message) => ({
        href: `/support/messages/${message.id}`,
        id: `palette-message-${message.id}`,
        shown: (
          <>
            <span className={styles.what}>{message.subject}</span>
            <span className={styles.more}>{message.to}</span>
            <span className={styles.side}>
              <StatusChip status={shownStatus(message)} inTable />
            </span>
          </>
        ),
      })),
    },
  ]
  return groups.filter(({ options }) => options.length > 0)
}

/** A value as it was when it had not changed for a moment. */
function useLater(value: string): string {
  const [later, setLater] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), debounceMs)
    return () => clearTimeout(timer)
  }, [value])
  return value === '' ? '' : later
}
