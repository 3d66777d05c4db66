'use client'

import { Check, CircleQuestionMark, RotateCw, X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { TimelineEntry } from '@/core/views'
import { CopyButton } from './copy-button'
import { StatusIcon } from './status-chip'
import { Time } from './time'
import styles from './timeline.module.css'

type Entry = Pick<TimelineEntry, 'at' | 'sentence' | 'detail' | 'reply' | 'tone'>
type Node = TimelineEntry['tone']

const marks: Partial<Record<Node, ReactNode>> = {
  now: <StatusIcon status="sending" size={12} />,
  good: <Check size={12} strokeWidth={2.4} />,
  wait: <RotateCw size={12} strokeWidth={2.4} />,
  unsure: <CircleQuestionMark size={12} strokeWidth={2.4} />,
  stop: <X size={12} strokeWidth={2.4} />,
}

/** What happened, in order: a dot for a fact, a tone for an outcome, and dashed what is to come. */
export function Timeline({ entries, toCome = [] }: { entries: Entry[]; toCome?: ReactNode[] }) {
  return (
    <ol className={styles.timeline}>
      {entries.map((entry, index) => (
        // Events are only ever added at the end, so their place is their identity.
        <li key={index} data-tone={entry.tone}>
          <span className={marks[entry.tone] ? styles.node : styles.dot} aria-hidden>
            {marks[entry.tone]}
          </span>
          <div className={styles.line}>
            <p className={styles.sentence}>{entry.sentence}</p>
            <span className={styles.time}>
              <Time at={entry.at} as="clock" />
            </span>
          </div>
          {entry.detail ? <p className={styles.detail}>{entry.detail}</p> : null}
          {entry.reply ? <Reply reply={entry.reply} /> : null}
        </li>
      ))}
      {toCome.map((step, index) => (
        <li key={index} data-tone="calm" className={styles.toCome}>
          <span className={styles.dashed} aria-hidden />
          {step}
        </li>
      ))}
    </ol>
  )
}

/** A try that is still to come, and how soon. */
export function ToCome(props: { sentence: string; when: ReactNode; detail?: string }) {
  return (
    <>
      <div className={styles.line}>
        <p className={styles.sentence}>{props.sentence}</p>
        <span className={styles.time}>{props.when}</span>
      </div>
      {props.detail ? <p className={styles.detail}>{props.detail}</p> : null}
    </>
  )
}

/** The code is the headline; the machine's own words are behind one click, with Copy. */
function Reply({ reply }: { reply: string }) {
  const code = /^\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3})?/.exec(reply)?.[0]
  return (
    <details className={styles.reply}>
      <summary>{code ? `Reply ${code.replace('-', ' ')}` : 'What the mail system said'}</summary>
      <div className={styles.raw}>
        <code className="mono">{reply}</code>
        <CopyButton value={reply} what="the reply" />
      </div>
    </details>
  )
}
