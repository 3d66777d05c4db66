import type { ReactNode } from 'react'
import { CopyButton } from './copy-button'
import styles from './facts.module.css'

/** Names and values, one below the other. */
export function Facts({ facts }: { facts: { name: string; value: ReactNode }[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** An id among facts, to be taken elsewhere. `what`: said of the button, as "the request id". */
export function CopiedId({ value, what }: { value: string; what: string }) {
  return (
    <span className={styles.copied}>
      <span className="mono">{value}</span>
      <CopyButton value={value} what={what} />
    </span>
  )
}
