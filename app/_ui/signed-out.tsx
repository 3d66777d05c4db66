import type { ReactNode, Ref } from 'react'
import { Mark } from './mark'
import styles from './signed-out.module.css'

/** What stands around a page for people who are not signed in: the mark, one card, one line below. */
export function SignedOut({
  title,
  lead,
  children,
  below,
  heading,
}: {
  title: string
  lead: ReactNode
  children?: ReactNode
  below?: ReactNode
  heading?: Ref<HTMLHeadingElement>
}) {
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
          <h1 tabIndex={-1} ref={heading}>
            {title}
          </h1>
          <p className={styles.lead}>{lead}</p>
          {children}
        </div>
        {below ? <p className={styles.below}>{below}</p> : null}
      </div>
    </main>
  )
}
