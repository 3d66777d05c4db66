'use client'

import Button from '@mui/material/Button'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import { Check, ChevronDown, X } from 'lucide-react'
import { useRef, useState } from 'react'
import styles from './filter-chip.module.css'

export type Option<Value extends string> = { value: Value; label: string }

/** A filter that holds its value: `Role Any`, or set, with a cross to take it away. */
export function FilterChip<Value extends string>(props: {
  label: string
  options: readonly Option<Value>[]
  values: readonly Value[]
  onChange: (values: Value[]) => void
  /** Several at once; else a choice takes the place of the one before. */
  isMulti?: boolean
}) {
  const { label, options, values, onChange, isMulti = false } = props
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const button = useRef<HTMLButtonElement>(null)
  const isSet = values.length > 0
  const chosen = options.filter(({ value }) => values.includes(value)).map((option) => option.label)

  const choose = (value: Value) => {
    const rest = values.filter((one) => one !== value)
    if (isMulti) return onChange(rest.length < values.length ? rest : [...values, value])
    onChange(values.includes(value) ? [] : [value])
    setAnchor(null)
  }

  return (
    <span className={styles.filter} data-set={isSet}>
      <Button
        ref={button}
        className={styles.button}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
        endIcon={isSet ? undefined : <ChevronDown size={14} />}
      >
        <span className={styles.label}>{label}</span>
        <span className={styles.value}>{isSet ? chosen.join(', ') : 'Any'}</span>
      </Button>
      {isSet ? (
        <button
          type="button"
          className={styles.clear}
          aria-label={`Clear the filter ${label}`}
          onClick={() => {
            // The cross goes: the keyboard goes on at the chip, and where that goes too, at the search (filter-bar.tsx).
            button.current?.focus()
            onChange([])
          }}
        >
          <X size={14} />
        </button>
      ) : null}
      <Menu
        anchorEl={anchor}
        open={anchor !== null}
        onClose={() => setAnchor(null)}
        slotProps={{ list: { 'aria-label': label } }}
      >
        {options.map(({ value, label: word }) => (
          <MenuItem
            key={value}
            role={isMulti ? 'menuitemcheckbox' : 'menuitemradio'}
            aria-checked={values.includes(value)}
            onClick={() => choose(value)}
          >
            <span className={styles.tick}>{values.includes(value) ? <Check size={16} aria-hidden /> : null}</span>
            {word}
          </MenuItem>
        ))}
      </Menu>
    </span>
  )
}

/** A filter that is set from a row, and only taken away here. */
export function OneOnly(props: { label: string; value: string | undefined; onClear: () => void }) {
  const { label, value, onClear } = props
  if (value === undefined) return null
  return <FilterChip label={label} options={[{ value, label: value }]} values={[value]} onChange={onClear} />
}
