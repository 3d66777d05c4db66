'use client'

import type { ReactNode } from 'react'
import { CopyTextButton } from './copy-button'
import styles from './tell-customer.module.css'

/** The words for the customer, ready to paste. */
export function TellCustomer({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <section aria-labelledby="to-tell" className={styles.tell}>
      <div className={styles.head}>
        <h2 id="to-tell">To tell the customer</h2>
        <CopyTextButton value={text} what="the text for the customer" />
      </div>
      <p suppressHydrationWarning>{text}</p>
      {children}
    </section>
  )
}
