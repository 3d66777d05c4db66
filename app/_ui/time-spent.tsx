import { phases, type Phases } from '@/core/sentences'
import { milliseconds } from './milliseconds'
import styles from './time-spent.module.css'

const labels: Record<keyof Phases, string> = {
  outbox: 'Outbox',
  kafka: 'Kafka',
  slot: 'Free slot',
  connect: 'Connect',
  data: 'DATA',
}

/** Where the time of one try went: a bar to see it, and the same in words. The longest part stands out. */
export function TimeSpent({ took }: { took: Phases }) {
  const longest = phases.reduce((a, b) => (took[b] > took[a] ? b : a))
  const whole = phases.reduce((sum, phase) => sum + took[phase], 0)
  return (
    <div className={styles.spent}>
      <div className={styles.bar} aria-hidden>
        {phases.map((phase) => (
          <i
            key={phase}
            data-longest={phase === longest}
            // Never so thin that a part cannot be seen at all.
            style={{ flexGrow: Math.max(took[phase], whole / 100) }}
          />
        ))}
      </div>
      <dl className={styles.parts}>
        {phases.map((phase) => (
          <div key={phase} data-longest={phase === longest}>
            <dt>{labels[phase]}</dt>
            <dd>{milliseconds(took[phase])}</dd>
          </div>
        ))}
        <div>
          <dt>Together</dt>
          <dd>{milliseconds(whole)}</dd>
        </div>
      </dl>
    </div>
  )
}
