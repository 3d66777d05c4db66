'use client'

import Button from '@mui/material/Button'
import Link from 'next/link'
import { useCallback, useEffect, useRef } from 'react'
import { pathOf } from '@/app/_ui/about-message'
import { announce } from '@/app/_ui/announce'
import { Answer } from '@/app/_ui/answer'
import { BusyButton } from '@/app/_ui/button'
import { useTickingNow } from '@/app/_ui/clock'
import { Path } from '@/app/_ui/path'
import { SearchField } from '@/app/_ui/search-field'
import { shownStatus } from '@/app/_ui/status'
import { StatusChip } from '@/app/_ui/status-chip'
import { TellCustomer } from '@/app/_ui/tell-customer'
import { Time } from '@/app/_ui/time'
import { useUrlState } from '@/app/_ui/url-state'
import { listPollMs, usePolled } from '@/app/_ui/use-polled'
import { useWords } from '@/app/_ui/words'
import { sameAddressKey } from '@/core/address'
import { customerFacts, isAddressWrong, linkWords, nextStep, tellCustomer } from '@/core/customer-words'
import { isFinal } from '@/core/message'
import { createableRoles, type StaffActor } from '@/core/permissions'
import type { AnswerView, MessageListItem, MessageView, UserView } from '@/core/views'
import { canBeInvited } from '../users/account-state'
import { nameOf } from '../users/name-of'
import { useResendInvitation } from '../users/use-resend-invitation'
import styles from './answer-search.module.css'
import { answerWords, choicesWords, toldOf } from './answer-words'

const pathOfQuestion = (question: string) => `/api/answer?q=${encodeURIComponent(question)}`

/** A name or an address, and in one plain sentence whether they got it: with the evidence, the next step, and words for the customer. */
export function AnswerSearch({
  actor,
  first,
}: {
  actor: StaffActor
  first: { question: string; answer: AnswerView } | null
}) {
  const { parameters, change } = useUrlState()
  const question = parameters.get('q')?.trim().slice(0, 254) ?? ''
  const ask = useCallback((q: string) => change({ q: q || null }, 'replace'), [change])
  return (
    <search className={styles.ask}>
      <SearchField label="Name or address" value={question} onChange={ask} isLarge />
      {question ? <Found key={question} actor={actor} question={question} first={first} ask={ask} /> : null}
    </search>
  )
}

type Props = {
  actor: StaffActor
  question: string
  first: { question: string; answer: AnswerView } | null
  ask: (question: string) => void
}

function Found({ actor, question, first, ask }: Props) {
  const { data, error, refetch } = usePolled<AnswerView>({
    path: pathOfQuestion(question),
    everyMs: (answer) =>
      answer?.kind === 'answer' && answer.message && !isFinal(answer.message.status)
        ? listPollMs.underWay
        : listPollMs.quiet,
    ...(first && { first: { path: pathOfQuestion(first.question), answer: first.answer } }),
  })
  useAnnounced(data, question)
  if (!data)
    return error ? (
      <div className={styles.none} role="alert">
        <p>{error.message} No mail is affected.</p>
        <Button size="small" onClick={() => void refetch()}>
          Try again
        </Button>
      </div>
    ) : (
      <div className={styles.none} aria-busy="true">
        <span className={styles.skeleton} />
      </div>
    )
  switch (data.kind) {
    case 'nothing':
      return (
        <div className={styles.none}>
          <p>
            <b>Nobody and no mail is found for “{question}”.</b> Ask for the address letter by letter; a part of it, or
            of the name, is enough.
          </p>
        </div>
      )
    case 'choices':
      return <Choices found={data} ask={ask} />
    case 'answer':
      return <OneAnswer actor={actor} found={data} />
    default:
      return data satisfies never
  }
}

/** No live region around the answer: it ticks, and would be read out each second. */
function useAnnounced(found: AnswerView | undefined, question: string) {
  const { words, clock } = useWords()
  const told = useRef('')
  useEffect(() => {
    if (!found || told.current === toldOf(found)) return
    told.current = toldOf(found)
    announce(answerWords(found, question, words, clock.now))
  }, [found, question, words, clock.now])
}

function Choices({ found, ask }: { found: AnswerView & { kind: 'choices' }; ask: Props['ask'] }) {
  const { people, mail, has_more: hasMore } = found
  const all = [
    ...people.map((person) => ({
      key: person.email,
      name: nameOf(person),
      detail: person.email,
      mail: person.last_mail,
    })),
    ...mail.map((one) => ({ key: one.to, name: one.to, detail: one.subject, mail: { ...one, at: one.created_at } })),
  ]
  return (
    <div className={styles.choices}>
      <p>
        {choicesWords(found)} {hasMore ? 'These are not all: type more of it to see the others.' : null}
      </p>
      <ul>
        {all.map((one) => (
          <li key={one.key}>
            <button type="button" onClick={() => ask(one.key)}>
              <b>{one.name}</b>
              <span>{one.detail}</span>
              {one.mail ? <StatusChip status={shownStatus(one.mail)} inTable /> : <span>no mail yet</span>}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

function OneAnswer({ actor, found }: { actor: StaffActor; found: AnswerView & { kind: 'answer' } }) {
  const { user, message, address, earlier } = found
  const { words } = useWords()
  if (!message)
    return (
      <div className={styles.none}>
        <p>
          <b>No mail to {address} was asked for.</b> {user?.status === 'disabled' ? 'The account is disabled. ' : null}
          {user ? (
            <Link href={`/support/users/${user.id}`} className="link">
              Open {nameOf(user)}
            </Link>
          ) : null}
        </p>
      </div>
    )
  return (
    <div className={styles.answer}>
      <div className={styles.evidence}>
        <Answer message={message} more={linkWords(message, words)}>
          <p className={styles.about}>
            <StatusChip status={shownStatus(message)} />
            <span>{message.subject}</span>
            <span>
              to {message.to}, asked for <Time at={message.created_at} />
            </span>
          </p>
          <Evidence message={message} />
          <NextSteps actor={actor} user={user} message={message} />
        </Answer>
        {earlier.length > 0 ? <Earlier mail={earlier} /> : null}
      </div>
      <aside className={styles.side}>
        <ToTell message={message} />
      </aside>
    </div>
  )
}

/** The way of the mail, and where it carries a link, whether that was opened. */
function Evidence({ message }: { message: MessageView }) {
  const { words } = useWords()
  const now = useTickingNow(!isFinal(message.status))
  const steps = pathOf(message, words, now)
  const { link } = message
  const opened = link?.opened_at ?? link?.used_at
  return (
    <Path
      isWide
      steps={
        link && message.status === 'sent'
          ? [
              ...steps,
              opened
                ? { label: 'Link opened', detail: words.time(opened), state: 'done' }
                : { label: 'Link opened', detail: 'not yet', state: 'to-come' },
            ]
          : steps
      }
    />
  )
}

function NextSteps({ actor, user, message }: { actor: StaffActor; user: UserView | null; message: MessageView }) {
  const { resend, isBusy } = useResendInvitation()
  const mayInvite =
    user &&
    canBeInvited(user) &&
    createableRoles(actor).includes(user.role) &&
    isFinal(message.status) &&
    message.suppressed_since === null
  const isWrong = message.status === 'dead' && isAddressWrong(message.last_cause)
  const next = nextStep(customerFacts(message))
  return (
    <>
      {next ? <p className={styles.next}>{next}</p> : null}
      <div className={styles.acts}>
        {user && isWrong && !message.sent_again && sameAddressKey(user.email) === sameAddressKey(message.to) ? (
          <Button component={Link} href={`/support/users/${user.id}`} variant="contained">
            Correct the address
          </Button>
        ) : null}
        {message.sent_again ? (
          <Button component={Link} href={`/support/messages/${message.sent_again.id}`} variant="contained">
            See what was sent again
          </Button>
        ) : null}
        <Button component={Link} href={`/support/messages/${message.id}`}>
          Open message
        </Button>
        {user ? (
          <Button component={Link} href={`/support/users/${user.id}`}>
            Open {nameOf(user)}
          </Button>
        ) : null}
        {mayInvite && !isWrong ? (
          <BusyButton isBusy={isBusy} busyWord="Sending" onClick={() => void resend(user)}>
            Send a new link
          </BusyButton>
        ) : null}
      </div>
    </>
  )
}

function Earlier({ mail }: { mail: MessageListItem[] }) {
  return (
    <section aria-labelledby="earlier" className={styles.earlier}>
      <h2 id="earlier">Earlier mail to them</h2>
      <ul>
        {mail.map((one) => (
          <li key={one.id}>
            <Link href={`/support/messages/${one.id}`} className="link">
              {one.subject}
            </Link>
            <StatusChip status={shownStatus(one)} inTable />
            <Time at={one.created_at} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function ToTell({ message }: { message: MessageView }) {
  const { words, clock } = useWords()
  return <TellCustomer text={tellCustomer(customerFacts(message), words, clock.now)} />
}
