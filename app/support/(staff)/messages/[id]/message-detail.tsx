'use client'

import Link from 'next/link'
import { useEffect, useRef } from 'react'
import { summaryOf } from '@/app/_ui/about-message'
import { announce } from '@/app/_ui/announce'
import { Answer } from '@/app/_ui/answer'
import { useTickingNow } from '@/app/_ui/clock'
import { CopiedId, Facts } from '@/app/_ui/facts'
import { span } from '@/app/_ui/format-time'
import { Live } from '@/app/_ui/live'
import { PageHead } from '@/app/_ui/page-head'
import page from '@/app/_ui/reading-page.module.css'
import { shownStatus } from '@/app/_ui/status'
import { StatusChip } from '@/app/_ui/status-chip'
import { Time } from '@/app/_ui/time'
import { TellCustomer } from '@/app/_ui/tell-customer'
import { TimeSpent } from '@/app/_ui/time-spent'
import { Timeline, ToCome } from '@/app/_ui/timeline'
import { usePolled } from '@/app/_ui/use-polled'
import { useWords } from '@/app/_ui/words'
import { customerFacts, linkWords, nextStep, tellCustomer } from '@/core/customer-words'
import { isFinal } from '@/core/message'
import type { MessageView } from '@/core/views'
import { caseText } from './case-text'
import { MessageActions } from './message-actions'
import styles from './message.module.css'
import { Preview } from './preview'
import { TakeOffList } from './take-off-list'

const pollMs = 500

/** One mail: the answer, what happened, and its details. Follows it by itself until it can change no more. */
export function MessageDetail(props: {
  first: MessageView
  origin: string
  previewRefusal: string | null
  /** Whether the reader may take addresses off the suppression list. */
  mayTakeOffList: boolean
}) {
  const { first, origin, previewRefusal, mayTakeOffList } = props
  const { words, clock } = useWords()
  const path = `/api/messages/${first.id}`
  const query = usePolled<{ message: MessageView }>({
    path,
    everyMs: (answer) => (answer && isFinal(answer.message.status) ? false : pollMs),
    first: { path, answer: { message: first } },
  })
  const message = query.data?.message ?? first
  useAnnouncedStatus(message)

  return (
    <div className={page.page}>
      <PageHead
        crumbs={[
          { href: '/support/messages', label: 'Messages' },
          { label: shortId(message.id), isId: true },
        ]}
        title={message.subject}
        right={
          <>
            {isFinal(message.status) && !query.isError ? null : <Live query={query} />}
            <MessageActions message={message} caseText={caseText(message, origin, words, clock)} />
          </>
        }
        below={
          <>
            <StatusChip status={shownStatus(message)} />
            <span>
              to{' '}
              {message.user ? (
                <>
                  <Link href={`/support/users/${message.user.id}`} className="link">
                    {message.user.name}
                  </Link>
                  , {message.to}
                </>
              ) : (
                message.to
              )}
            </span>
          </>
        }
      />
      <div className={styles.columns}>
        <div className={page.main}>
          <Answer message={message} more={linkWords(message, words)}>
            <NextTry message={message} />
            {message.suppressed_since !== null && mayTakeOffList ? <TakeOffList address={message.to} /> : null}
          </Answer>
          <Advice message={message} />
          <section aria-labelledby="what-happened" className={page.section}>
            <h2 id="what-happened">What happened</h2>
            <Story message={message} />
          </section>
          <WhereTheTimeWent message={message} />
          <section aria-labelledby="details" className={page.section}>
            <h2 id="details">Details</h2>
            <Details message={message} />
          </section>
        </div>
        <section aria-labelledby="preview" className={page.section}>
          <h2 id="preview">Preview</h2>
          <Preview message={message} refusal={previewRefusal} />
        </section>
      </div>
    </div>
  )
}

/** What to do next, and what to tell the customer. */
function Advice({ message }: { message: MessageView }) {
  const { words, clock } = useWords()
  const facts = customerFacts(message)
  const next = nextStep(facts)
  return (
    <div className={page.box}>
      <TellCustomer text={tellCustomer(facts, words, clock.now)}>
        {next ? (
          <p>
            <b>Next:</b> {next}
          </p>
        ) : null}
      </TellCustomer>
    </div>
  )
}

function WhereTheTimeWent({ message }: { message: MessageView }) {
  const last = message.timeline.findLast(({ took }) => took !== null)
  if (!last?.took) return null
  return (
    <section aria-labelledby="time-spent" className={page.section}>
      <h2 id="time-spent">
        Where the time went <span>{message.retry_count > 0 ? 'in the last try' : ''}</span>
      </h2>
      <TimeSpent took={last.took} />
    </section>
  )
}

/** `019a2f7c…b41e` */
const shortId = (id: string) => `${id.slice(0, 8)}…${id.slice(-4)}`

function useAnnouncedStatus(message: MessageView) {
  const { words, clock } = useWords()
  const told = useRef(message.status)
  useEffect(() => {
    if (told.current === message.status) return
    told.current = message.status
    announce(summaryOf(message, words, clock.now))
  }, [message, words, clock.now])
}

/** Time until the next try; null when none is due, or it is due now. */
function useUntilNextTry(message: MessageView): number | null {
  const isWaiting = message.status === 'retrying' || (message.status === 'queued' && message.delivery !== 'held')
  const now = useTickingNow(isWaiting)
  const wait = Date.parse(message.due_at) - now
  return isWaiting && wait > 0 ? wait : null
}

function NextTry({ message }: { message: MessageView }) {
  const wait = useUntilNextTry(message)
  if (wait === null) return null
  return (
    <p className={page.under} suppressHydrationWarning>
      In <b className="num">{span(wait)}</b>, by itself
    </p>
  )
}

function Story({ message }: { message: MessageView }) {
  const wait = useUntilNextTry(message)
  // The dashed entry says when the next try is due, in the reader's own time.
  const entries = message.timeline.map((entry) => (entry.event === 'try_failed' ? { ...entry, detail: null } : entry))
  const next = message.retry_count + 1
  const all = message.max_retries + 1
  return (
    <Timeline
      entries={entries}
      toCome={
        message.status === 'queued' || message.status === 'retrying'
          ? [
              <ToCome
                key="next"
                sentence={`Try ${next} of ${all}`}
                when={
                  message.delivery === 'held'
                    ? 'when it is released'
                    : wait !== null
                      ? `in ${span(wait)}`
                      : message.delayed_since
                        ? 'when mail flows again'
                        : 'any moment'
                }
                detail={next === all ? 'the last one' : undefined}
              />,
            ]
          : []
      }
    />
  )
}

/** Why staff do not see all of it here. A dead mail may be sent again, so what was sealed is kept for a while. */
function secretWords({ hides, status }: MessageView): string {
  if (hides === 'link') return 'A link, made anew at each try. It is kept nowhere.'
  return isFinal(status) && status !== 'dead'
    ? 'It did. It was sealed, and has been erased.'
    : 'Yes. It is sealed, and erased once it is sent, or 72 hours after it was given up.'
}

function Details({ message }: { message: MessageView }) {
  return (
    <Facts
      facts={[
        { name: 'From', value: message.from },
        ...(message.reply_to ? [{ name: 'Reply to', value: message.reply_to }] : []),
        { name: 'Template', value: message.template.replaceAll('-', ' ') },
        ...(message.kafka
          ? [
              {
                name: 'Kafka',
                value: (
                  <span className="mono">
                    {message.kafka.topic}, partition {message.kafka.partition}, offset{' '}
                    {message.kafka.offset.toLocaleString('en-GB')}
                  </span>
                ),
              },
            ]
          : []),
        { name: 'Priority', value: message.priority },
        { name: 'Asked for', value: <Time at={message.created_at} as="exact" /> },
        { name: 'Asked for by', value: message.created_by },
        ...(message.resend_of
          ? [
              {
                name: 'Sent again for',
                value: (
                  <Link href={`/support/messages/${message.resend_of}`} className="link">
                    {shortId(message.resend_of)}
                  </Link>
                ),
              },
            ]
          : []),
        ...(message.sent_again
          ? [
              {
                name: 'Sent again as',
                value: (
                  <Link href={`/support/messages/${message.sent_again.id}`} className="link">
                    {shortId(message.sent_again.id)}, to {message.sent_again.to}
                  </Link>
                ),
              },
            ]
          : []),
        ...(message.send_at ? [{ name: 'To go out at', value: <Time at={message.send_at} as="exact" /> }] : []),
        ...(message.producer_id
          ? [
              {
                name: 'Their id',
                value: <CopiedId value={message.producer_id} what="their id" />,
              },
            ]
          : []),
        ...(message.sensitive ? [{ name: 'Holds a secret', value: secretWords(message) }] : []),
        {
          name: 'Message-ID',
          value: <CopiedId value={message.message_id_header} what="the Message-ID" />,
        },
      ]}
    />
  )
}
