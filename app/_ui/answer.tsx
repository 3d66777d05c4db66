'use client'

import type { ReactNode } from 'react'
import type { MessageListItem } from '@/core/views'
import { answerOf } from './about-message'
import styles from './answer.module.css'
import { shownStatus } from './status'
import { StatusIcon } from './status-chip'
import { useWords } from './words'

/** "Did they get it?", answered in the largest words of the page; the first ones carry the tone. */
export function Answer(props: {
  message: MessageListItem
  /** One more sentence that belongs to the answer. */
  more?: string | null
  children?: ReactNode
}) {
  const { message, more, children } = props
  const { words, clock } = useWords()
  const { lead, rest, tone } = answerOf(message, words, clock.now)
  return (
    <div className={styles.answer} data-tone={tone}>
      <span className={styles.icon} aria-hidden>
        <StatusIcon status={shownStatus(message)} size={16} />
      </span>
      <div>
        <p className={styles.sentence} suppressHydrationWarning>
          <b>{lead}</b> {rest} {more}
        </p>
        {children}
      </div>
    </div>
  )
}
