'use client'

import Button from '@mui/material/Button'
import styles from './pager.module.css'

type Size = { value: number; options: readonly number[]; onChange: (size: number) => void }
type Turn = (() => void) | null

/** Stuck to the foot of a list. `null` where there is nothing to turn to. */
function Pager(props: { summary: string; previous: Turn; next: Turn; size?: Size | undefined }) {
  const { summary, previous, next, size } = props
  return (
    <nav aria-label="Pages" className={styles.pager}>
      <span className="num">{summary}</span>
      <div className={styles.controls}>
        {size ? (
          <label className={styles.size}>
            Rows
            <select value={size.value} onChange={(event) => size.onChange(Number(event.target.value))}>
              {size.options.map((option) => (
                <option key={option}>{option}</option>
              ))}
            </select>
          </label>
        ) : null}
        <TurnButton turn={previous}>Previous</TurnButton>
        <TurnButton turn={next}>Next</TurnButton>
      </div>
    </nav>
  )
}

/** Never really disabled: whoever turned to the first or last page with it keeps the focus. */
const TurnButton = ({ turn, children }: { turn: Turn; children: string }) => (
  <Button aria-disabled={turn === null} className={styles.turn} onClick={() => turn?.()}>
    {children}
  </Button>
)

/** Turns the pages of a list by cursors: each page is named by a cursor, and `trail` led here. */
export function CursorPager(props: {
  trail: string[]
  next: string | null
  onTurn: (trail: string[]) => void
  /** In what order; and what else is to be known of this page. */
  order?: string
  note?: string | null
  size?: Size
}) {
  const { trail, next, onTurn, order = 'newest first', note, size } = props
  const summary =
    trail.length === 0 ? order.charAt(0).toUpperCase() + order.slice(1) : `Page ${trail.length + 1}, ${order}`
  return (
    <Pager
      summary={note ? `${summary}. ${note}` : summary}
      size={size}
      previous={trail.length === 0 ? null : () => onTurn(trail.slice(0, -1))}
      next={next === null ? null : () => onTurn([...trail, next])}
    />
  )
}
