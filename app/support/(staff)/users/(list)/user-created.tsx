'use client'

import Button from '@mui/material/Button'
import { Check, Send } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { answerOf, pathOf } from '@/app/_ui/about-message'
import { useTickingNow } from '@/app/_ui/clock'
import { DialogBody } from '@/app/_ui/dialog'
import { Path } from '@/app/_ui/path'
import { shownStatus } from '@/app/_ui/status'
import { StatusChip, StatusIcon } from '@/app/_ui/status-chip'
import { Time } from '@/app/_ui/time'
import { usePolled } from '@/app/_ui/use-polled'
import { useWords } from '@/app/_ui/words'
import { isFinal } from '@/core/message'
import { roleLabel } from '@/core/roles'
import type { MessageView } from '@/core/views'
import type { CreatedUser } from '@/server/create-user'
import styles from '../dialog-body.module.css'
import { nameOf } from '../name-of'

const pollMs = 300

/** Two facts: the user exists; where their mail is. The second one is kept true until it can change no more. */
export default function UserCreated(props: { user: CreatedUser; onAnother: () => void; onClose: () => void }) {
  const { user, onAnother, onClose } = props
  const [createdAt] = useState(() => new Date().toISOString())
  return (
    <DialogBody
      title={nameOf(user)}
      onClose={onClose}
      actions={
        <>
          <Button variant="text" className={styles.leave} onClick={onAnother}>
            Create another
          </Button>
          <Button onClick={onClose}>Close</Button>
          <Button component={Link} href={`/support/users/${user.id}`} variant="contained" className={styles.open}>
            Open {nameOf(user)}
          </Button>
        </>
      }
    >
      <div className={styles.body}>
        <div className={styles.facts}>
          <div className={styles.fact} data-tone="good">
            <span className={styles.icon} aria-hidden>
              <Check size={16} />
            </span>
            <p className={styles.factTitle}>The user exists.</p>
            <span className={styles.factSide}>
              <Time at={createdAt} as="clock" />
            </span>
            <p className={styles.factText}>
              User {user.id}, {user.email}, role {roleLabel(user.role)}
            </p>
          </div>
          {user.welcome_message_id ? <WelcomeMail id={user.welcome_message_id} /> : null}
        </div>
        <p className={styles.after}>
          You can close this; the mail goes on by itself. What comes of it stands on this person’s page.
        </p>
      </div>
    </DialogBody>
  )
}

function WelcomeMail({ id }: { id: string }) {
  const { data } = usePolled<{ message: MessageView }>({
    path: `/api/messages/${id}`,
    everyMs: (answer) => (answer && isFinal(answer.message.status) ? false : pollMs),
  })
  const { words } = useWords()
  const message = data?.message
  const now = useTickingNow(message !== undefined && !isFinal(message.status))
  const title = message ? titleOf(message) : 'Their welcome mail is saved.'

  if (!message) {
    return (
      <div className={styles.fact} data-tone="calm">
        <span className={styles.icon} aria-hidden>
          <Send size={16} />
        </span>
        <p className={styles.factTitle} aria-live="polite">
          {title}
        </p>
        <p className={styles.factText}>From here on it is never lost.</p>
      </div>
    )
  }
  const { rest, tone } = answerOf(message, words, now)
  const status = shownStatus(message)
  return (
    <div className={styles.fact} data-tone={tone}>
      <span className={styles.icon} aria-hidden>
        {status === 'sending' ? <Send size={16} /> : <StatusIcon status={status} size={16} />}
      </span>
      <p className={styles.factTitle} aria-live="polite">
        {title}
      </p>
      <span className={styles.factSide}>
        <StatusChip status={status} />
      </span>
      <div className={styles.factText}>
        {rest}
        <Path steps={pathOf(message, words, now)} />
      </div>
    </div>
  )
}

function titleOf(message: MessageView): string {
  const { status } = message
  const mail = 'Their welcome mail'
  if (shownStatus(message) === 'may_have_been_delivered') return `We cannot be sure about their welcome mail.`
  switch (status) {
    case 'queued':
      if (message.delivery === 'held') return `${mail} is held until staff release it.`
      if (message.delayed_since) return `${mail} is delayed by a fault of ours.`
      return message.waiting_for_kafka_since ? `${mail} is waiting for Kafka.` : `${mail} is waiting for its turn.`
    case 'sending':
      return `${mail} is being handed over now.`
    case 'retrying':
      return `${mail} is not accepted yet.`
    case 'sent':
      return message.delivery === 'pretend' ? `${mail} was only pretended.` : `${mail} was accepted.`
    case 'dead':
      return `${mail} could not be sent.`
    case 'cancelled':
      return `${mail} was cancelled.`
    case 'suppressed':
      return `${mail} was not sent.`
    default:
      return status satisfies never
  }
}
