'use client'

import type { LucideIcon } from 'lucide-react'
import { useId, useState } from 'react'
import styles from './segments.module.css'

export type Segment<Value extends string> = {
  value: Value
  label: string
  Icon?: LucideIcon
  /** Said after the label to those who hear it. */
  more?: string
}

/** A few short choices side by side, of which one holds: radio buttons that look like one control. */
export function Segments<Value extends string>(props: {
  legend: string
  segments: readonly Segment<Value>[]
  value: Value
  onChange: (value: Value) => void
}) {
  const group = useId()
  // What holds may stand in the address, which follows a moment later: the choice shows at once all the same.
  const [chosen, setChosen] = useState(props.value)
  const [known, setKnown] = useState(props.value)
  if (props.value !== known) {
    setKnown(props.value)
    setChosen(props.value)
  }
  return (
    <fieldset className={styles.segments}>
      <legend className="unseen">{props.legend}</legend>
      {props.segments.map(({ value, label, Icon, more }) => (
        <label key={value} className={styles.segment}>
          <input
            type="radio"
            name={group}
            className={styles.input}
            checked={chosen === value}
            onChange={() => {
              setChosen(value)
              props.onChange(value)
            }}
          />
          {Icon ? <Icon size={16} aria-hidden /> : null}
          {label}
          {more ? <span className="unseen"> {more}</span> : null}
        </label>
      ))}
    </fieldset>
  )
}
