import Link from 'next/link'
import type { ReactNode } from 'react'
import styles from './strip.module.css'

export type StripPart = {
  label: string
  /** Its shape says it as well as its colour: round is well, square waits, a diamond needs somebody. */
  mark: 'well' | 'waits' | 'needs' | 'none'
  value: string
  /** After the value, smaller. */
  unit?: string
  detail?: ReactNode
  href?: string
  /** The cause of a trouble, and only that, has a ground. */
  isCause?: boolean
}

const words = { well: 'well', waits: 'waiting', needs: 'needs somebody', none: '' }

/** Parts that follow one another, each with its number. */
export function Strip({ label, parts, hasArrows = false }: { label: string; parts: StripPart[]; hasArrows?: boolean }) {
  return (
    <ol className={styles.strip} aria-label={label} data-arrows={hasArrows}>
      {parts.map(({ label: name, mark, value, unit, detail, href, isCause }) => {
        const inside = (
          <>
            <span className={styles.label}>
              {mark === 'none' ? null : <i className={styles[mark]} aria-hidden />}
              {name}
              {words[mark] ? <span className="unseen">, {words[mark]}</span> : null}
            </span>
            <span className={styles.value}>
              <b>{value}</b> {unit}
            </span>
            <span className={styles.detail}>{detail}</span>
          </>
        )
        return (
          <li key={name} data-cause={isCause}>
            {href ? <Link href={href}>{inside}</Link> : <div>{inside}</div>}
          </li>
        )
      })}
    </ol>
  )
}
