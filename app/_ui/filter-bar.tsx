'use client'

import Button from '@mui/material/Button'
import { ListFilter } from 'lucide-react'
import { useId, useRef, useState, type ReactNode } from 'react'
import styles from './filter-bar.module.css'
import { useFocusKept } from './use-focus-kept'

/** The search of a list with its filters beside it; on a phone they lie behind one button that says how many are set. */
export function FilterBar(props: {
  search: ReactNode
  /** How many filters are set. */
  set: number
  onClear: () => void
  children: ReactNode
}) {
  const { search, set, onClear, children } = props
  const [isOpen, setIsOpen] = useState(false)
  const id = useId()
  const bar = useRef<HTMLElement>(null)
  const around = useFocusKept(() => bar.current?.querySelector('input'))
  return (
    <search ref={bar} className={styles.bar} {...around}>
      {search}
      <Button
        className={styles.toggle}
        data-set={set > 0}
        aria-expanded={isOpen}
        aria-controls={id}
        startIcon={<ListFilter size={16} />}
        onClick={() => setIsOpen(!isOpen)}
      >
        {set > 0 ? `Filter ${set}` : 'Filter'}
      </Button>
      <div id={id} className={styles.filters} data-open={isOpen}>
        {children}
        {set > 0 ? (
          <Button variant="text" onClick={onClear}>
            Clear filters
          </Button>
        ) : null}
      </div>
    </search>
  )
}
