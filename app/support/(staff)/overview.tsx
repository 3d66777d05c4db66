'use client'

import Button from '@mui/material/Button'
import { Plus } from 'lucide-react'
import Link from 'next/link'
import { summaryOf } from '@/app/_ui/about-message'
import { Live } from '@/app/_ui/live'
import { PageHead } from '@/app/_ui/page-head'
import page from '@/app/_ui/reading-page.module.css'
import { shownStatus } from '@/app/_ui/status'
import { StatusChip } from '@/app/_ui/status-chip'
import { Time } from '@/app/_ui/time'
import { listPollMs, usePolled } from '@/app/_ui/use-polled'
import { useWords } from '@/app/_ui/words'
import { isFinal } from '@/core/message'
import { createableRoles, type StaffActor } from '@/core/permissions'
import type { DeliveryView, MessageListItem } from '@/core/views'
import type { MessagePage } from '@/server/list-messages'
import { DelayedMail } from './delayed-mail'
import styles from './overview.module.css'

const path = '/api/messages?limit=6'

/** Where a day begins: create somebody, or see what became of the newest mail. */
export function Overview(props: { actor: StaffActor; first: MessagePage; delivery: DeliveryView }) {
  const { actor, first, delivery } = props
  const query = usePolled<MessagePage>({
    path,
    everyMs: (answer) =>
      answer?.messages.some((message) => !isFinal(message.status)) ? listPollMs.underWay : listPollMs.quiet,
    first: { path, answer: first },
  })
  const { messages } = query.data ?? first
  return (
    <div className={page.page}>
      <PageHead
        title="Support"
        right={
          <>
            <Live query={query} />
            {createableRoles(actor).length > 0 ? (
              <Button
                component={Link}
                href="/support/users?create=1"
                variant="contained"
                startIcon={<Plus size={16} />}
              >
                Create user
              </Button>
            ) : null}
          </>
        }
      />
      <DelayedMail first={delivery} />
      <div className={page.columns}>
        <section aria-labelledby="newest" className={page.section}>
          <h2 id="newest">The newest mail</h2>
          {messages.length > 0 ? (
            <ul className={styles.list}>
              {messages.map((message) => (
                <NewestMail key={message.id} message={message} />
              ))}
            </ul>
          ) : (
            <p className="quiet">No mail has been asked for yet. The first is sent when you create a user.</p>
          )}
        </section>
        <nav aria-labelledby="go-on" className={page.section}>
          <h2 id="go-on">Go on to</h2>
          <ul className={styles.places}>
            <li>
              <Link href="/support/users">
                <b>Manage Users</b>
                <span>Who has an account, and whether their mail was accepted</span>
              </Link>
            </li>
            <li>
              <Link href="/support/messages">
                <b>All messages</b>
                <span>Every mail, with what happened to it</span>
              </Link>
            </li>
          </ul>
        </nav>
      </div>
    </div>
  )
}

function NewestMail({ message }: { message: MessageListItem }) {
  const { words, clock } = useWords()
  return (
    <li className={styles.mail}>
      <div className={styles.line}>
        <Link href={`/support/messages/${message.id}`}>{message.to}</Link>
        <Time at={message.created_at} inRow />
      </div>
      <div className={styles.line}>
        <p suppressHydrationWarning>{summaryOf(message, words, clock.now)}</p>
        <StatusChip status={shownStatus(message)} inTable />
      </div>
    </li>
  )
}
