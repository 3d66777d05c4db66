'use client'

import IconButton from '@mui/material/IconButton'
import InputAdornment from '@mui/material/InputAdornment'
import OutlinedInput from '@mui/material/OutlinedInput'
import { Search, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import styles from './search-field.module.css'

const debounceMs = 300

/** Tells the search 300 ms after the last key; `/` focuses it from anywhere on the page (shortcuts.tsx), Esc clears it. */
export function SearchField(props: {
  label: string
  value: string
  onChange: (value: string) => void
  /** The first thing of its page, in a box of its own. */
  isLarge?: boolean
}) {
  const { label, value, onChange, isLarge = false } = props
  const input = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState(value)
  const [known, setKnown] = useState(value)

  // The address changed by another way than typing (back, Clear filters): show what it says now.
  if (value !== known) {
    setKnown(value)
    if (value !== typed.trim()) setTyped(value)
  }

  useEffect(() => {
    if (typed.trim() === value) return undefined
    const timer = setTimeout(() => onChange(typed.trim()), debounceMs)
    return () => clearTimeout(timer)
  }, [typed, value, onChange])

  return (
    <OutlinedInput
      className={isLarge ? styles.large : styles.search}
      inputRef={input}
      type="search"
      placeholder={label}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => {
        // Not every browser does it by itself.
        if (event.key === 'Escape') setTyped('')
      }}
      inputProps={{ 'aria-label': label, maxLength: 200, autoComplete: 'off' }}
      startAdornment={
        <InputAdornment position="start">
          <Search size={16} />
        </InputAdornment>
      }
      endAdornment={
        <>
          <kbd className={styles.onlyWide}>/</kbd>
          {isLarge && typed ? (
            <IconButton
              aria-label="Clear the search"
              onClick={() => {
                setTyped('')
                onChange('')
                input.current?.focus()
              }}
            >
              <X size={16} />
            </IconButton>
          ) : null}
        </>
      }
    />
  )
}
