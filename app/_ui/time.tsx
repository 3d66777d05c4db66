'use client'

import { useClock } from './clock'
import { clockWithSeconds, dayAndClock, exact, relative } from './format-time'
import styles from './time.module.css'

const writings = { relative, dayAndClock, clock: clockWithSeconds }

/**
 * An instant in short, and exactly with its zone when pointed at or focused. In a table row the row's link is the only
 * stop for the keyboard, so there it is not focusable; the item's own page shows the same time.
 */
export function Time(props: { at: string; as?: keyof typeof writings | 'exact'; inRow?: boolean }) {
  const { at, as = 'relative', inRow = false } = props
  const clock = useClock()
  const whole = exact(at, clock.zone)
  return (
    <time
      dateTime={at}
      title={whole}
      className={styles.time}
      data-exact={whole}
      tabIndex={inRow || as === 'exact' ? undefined : 0}
      suppressHydrationWarning
    >
      {as === 'exact' ? whole : writings[as](at, clock)}
    </time>
  )
}
