import type { ReactNode } from 'react'
import { Mark } from './mark'
import styles from './signed-out.module.css'

/** What stands around a page for people who are not signed in: the mark, one card, one line below. */
export function SignedOut(props: { title: string; lead: ReactNode; children?: ReactNode; below?: ReactNode }) {
  return (
    <main className={styles.ground}>
      <div className={styles.column}>
        <p className={styles.brand}>
          <Mark />
          <span>
            <b>Usual Store</b> Support
          </span>
        </p>
        <div className={styles.card}>
          <h1 tabIndex={-1}>{props.title}</h1>
          <p className={styles.lead}>{props.lead}</p>
          {props.children}
        </div>
        {props.below ? <p className={styles.below}>{props.below}</p> : null}
      </div>
    </main>
  )
}
