import type { Step } from './about-message'
import styles from './path.module.css'

const tones = { done: 'good', now: 'now', wait: 'wait', unsure: 'unsure', stop: 'stop', 'to-come': 'calm' } as const

/** The way of one mail in small, from left to right: same steps, same order, everywhere. */
export function Path({ steps, isWide = false }: { steps: Step[]; isWide?: boolean }) {
  return (
    <ol className={isWide ? `${styles.path} ${styles.wide}` : styles.path} aria-label="The way of this mail">
      {steps.map(({ label, detail, state }) => (
        <li key={label} data-tone={tones[state]} data-state={state}>
          <span className={styles.label}>{label}</span>
          <span className={styles.detail}>{detail || ' '}</span>
        </li>
      ))}
    </ol>
  )
}
