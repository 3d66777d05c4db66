'use client'

import { useState } from 'react'
import { useClock } from './clock'
import styles from './day-field.module.css'
import { dayStart, isoDay, dayInField } from '@/core/day'

/** A day of the reader's own zone, told as the instant at which it begins; `isWhole`: at which it ends. */
export function DayField(props: {
  label: string
  value: string | undefined
  onChange: (instant: string | null) => void
  isWhole?: boolean
}) {
  const { label, value, onChange, isWhole = false } = props
  const { zone } = useClock()
  /** Stands in the field while somebody types: a value set in the midst of it would take the digits away. */
  const [typed, setTyped] = useState<string | null>(null)
  const shown = typed ?? (value === undefined ? '' : isoDay(Date.parse(value) - (isWhole ? 1 : 0), zone))
  return (
    <label className={styles.day} data-set={shown !== ''}>
      {label}
      <input
        type="date"
        value={shown}
        max="9998-12-31"
        min="2000-01-01"
        onChange={(event) => {
          setTyped(event.target.value)
          const day = dayInField(event.target.value)
          if (day !== undefined) onChange(day === null ? null : dayStart(day, zone, isWhole ? 1 : 0))
        }}
        onBlur={() => setTyped(null)}
      />
    </label>
  )
}
