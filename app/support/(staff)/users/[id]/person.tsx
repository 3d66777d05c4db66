'use client'

import Button from '@mui/material/Button'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { Answer } from '@/app/_ui/answer'
import { BusyButton } from '@/app/_ui/button'
import { useClock, useTickingNow } from '@/app/_ui/clock'
import { CopyButton } from '@/app/_ui/copy-button'
import { DataTable, type Column } from '@/app/_ui/data-table'
import { Facts } from '@/app/_ui/facts'
import { span } from '@/app/_ui/format-time'
import { Live } from '@/app/_ui/live'
import { loadable } from '@/app/_ui/loadable'
import { PageHead } from '@/app/_ui/page-head'
import page from '@/app/_ui/reading-page.module.css'
import { shownStatus } from '@/app/_ui/status'
import { Label, StatusChip } from '@/app/_ui/status-chip'
import { TellCustomer } from '@/app/_ui/tell-customer'
import { Time } from '@/app/_ui/time'
import { listPollMs, usePolled } from '@/app/_ui/use-polled'
import { useWords } from '@/app/_ui/words'
import { sameAddressKey } from '@/core/address'
import { isAddressWrong, tellCustomer, worksUntil } from '@/core/customer-words'
import { isFinal } from '@/core/message'
import { can, createableRoles, type StaffActor } from '@/core/permissions'
import { roleLabel } from '@/core/roles'
import type { MessageListItem, NoteView, OnboardingView, UserView } from '@/core/views'
import type { MessagePage } from '@/server/list-messages'
import { canBeInvited } from '../account-state'
import { nameOf } from '../name-of'
import { useResendInvitation } from '../use-resend-invitation'
import { CorrectAddress } from './correct-address'
import { mailPath } from './mail-path'
import { Notes } from './notes'
import { Onboarding } from './onboarding'
import { TheirSignIn } from './their-sign-in'

/** Loaded when they are opened. */
const EditUserDialog = loadable(() => import('../edit-user-dialog'))
const DeleteUserDialog = loadable(() => import('../delete-user-dialog'))

type PersonAnswer = { user: UserView; onboarding: OnboardingView; notes: NoteView[] }
type First = { person: PersonAnswer; mail: MessagePage }

/** One person: whether they got their mail, and what their account can do. */
export function Person(props: {
  actor: StaffActor
  /** Whom our mail comes from. */
  sender: string
  first: First
}) {
  const { actor, sender, first } = props
  const { words, clock } = useWords()
  const router = useRouter()
  const { resend, isBusy } = useResendInvitation()
  const [isEditing, setIsEditing] = useState(false)
  const [isDeleting, setIsDeleting] = useState(false)
  const { user, onboarding, notes, mail, hasOlder, query } = usePerson(first)
  const newest = mail[0]
  const wait = useWait(onboarding.can_invite_at)
  const mayCorrect =
    newest !== undefined &&
    ['dead', 'suppressed'].includes(newest.status) &&
    newest.type === 'welcome' &&
    sameAddressKey(newest.to) === sameAddressKey(user.email) &&
    canBeInvited(user) &&
    can(actor, 'user.edit', user) &&
    createableRoles(actor).includes(user.role)
  // To an address that does not exist nothing is sent again: it is corrected.
  const mayInvite =
    canBeInvited(user) &&
    createableRoles(actor).includes(user.role) &&
    !(mayCorrect && (isAddressWrong(newest.last_cause) || newest.suppressed_since !== null))
  const invitation = mayInvite ? (
    <div className={page.actions}>
      <BusyButton isBusy={isBusy} busyWord="Sending" disabled={wait !== null} onClick={() => void resend(user)}>
        Send the invitation again
      </BusyButton>
      {wait === null ? null : (
        <p className={page.under} suppressHydrationWarning>
          It was just sent again. Please give it time to arrive: in <b className="num">{span(wait)}</b> it can be sent
          once more.
        </p>
      )}
    </div>
  ) : null

  return (
    <div className={page.page}>
      <PageHead
        crumbs={[{ href: '/support/users', label: 'Users' }, { label: nameOf(user) }]}
        title={nameOf(user)}
        beside={
          <>
            <Label>{roleLabel(user.role)}</Label>
            <Label>{accountWord(user)}</Label>
          </>
        }
        right={
          <>
            <Live query={query} />
            {can(actor, 'user.edit', user) ? <Button onClick={() => setIsEditing(true)}>Edit…</Button> : null}
            {can(actor, 'user.delete', user) ? <Button onClick={() => setIsDeleting(true)}>Delete…</Button> : null}
          </>
        }
        below={
          <>
            <span>{user.email}</span>
            <CopyButton value={user.email} what="the address" />
            <span>
              User {user.id}, created by {user.created_by} <Time at={user.created_at} />
            </span>
          </>
        }
      />
      <div className={page.columns}>
        <div className={page.main}>
          <section aria-label="Did they get it?" className={page.box}>
            {newest ? (
              <Answer message={newest}>
                <p className={page.under}>
                  <Link href={`/support/messages/${newest.id}`} className="link">
                    {newest.subject}
                  </Link>
                </p>
                {mayCorrect ? <CorrectAddress key={user.email} user={user} /> : null}
                {invitation}
              </Answer>
            ) : (
              <>
                <p className="quiet">No mail to {user.email} was asked for.</p>
                {invitation}
              </>
            )}
          </section>
          <Onboarding user={user} onboarding={onboarding} />
        </div>
        <aside className={page.side} aria-labelledby="account">
          {newest ? (
            <div className={page.box}>
              <TellCustomer
                text={tellCustomer(
                  {
                    message: newest,
                    firstName: user.first_name,
                    from: sender,
                    linkWorksUntil: newest.id === onboarding.invitation?.id ? worksUntil(onboarding.link) : null,
                    presentAddress: user.email,
                    isDisabled: user.status === 'disabled',
                    sentAgain: null,
                  },
                  words,
                  clock.now,
                )}
              />
            </div>
          ) : null}
          <section className={page.section}>
            <h2 id="account">Account</h2>
            <Account user={user} />
          </section>
          <TheirSignIn actor={actor} user={user} />
          <Notes actor={actor} userId={user.id} notes={notes} />
        </aside>
      </div>
      <section aria-labelledby="their-mail" className={page.section}>
        <h2 id="their-mail">
          All their mail <span>{hasOlder ? `the newest ${mail.length}` : mail.length}</span>
        </h2>
        {mail.length > 0 ? (
          <DataTable
            label="All their mail"
            columns={columns}
            rows={mail}
            rowKey={(message) => message.id}
            rowHref={(message) => `/support/messages/${message.id}`}
            isBoxed
          />
        ) : null}
        {hasOlder ? (
          <p className={page.under}>
            <Link href={`/support/messages?user=${user.id}`} className="link">
              All mail about this account
            </Link>{' '}
            and{' '}
            <Link href={`/support/messages?address=${encodeURIComponent(user.email)}`} className="link">
              all mail to {user.email}
            </Link>
          </p>
        ) : null}
      </section>
      {isEditing ? <EditUserDialog actor={actor} user={user} onClose={() => setIsEditing(false)} /> : null}
      {isDeleting ? (
        <DeleteUserDialog
          user={user}
          onClose={() => setIsDeleting(false)}
          onDeleted={() => router.replace('/support/users')}
        />
      ) : null}
    </div>
  )
}

/** How long until an instant; null when it has passed, or there is none. */
function useWait(until: string | null): number | null {
  const now = useTickingNow(until !== null)
  const wait = until === null ? 0 : Date.parse(until) - now
  return wait > 0 ? wait : null
}

/** The person and the mail to their address, both kept up to date. */
function usePerson(first: First) {
  const path = `/api/users/${first.person.user.id}`
  const person = usePolled<PersonAnswer>({
    path,
    everyMs: (answer) =>
      answer?.onboarding.invitation && !isFinal(answer.onboarding.invitation.status)
        ? listPollMs.underWay
        : listPollMs.quiet,
    first: { path, answer: first.person },
  })
  const { user, onboarding, notes } = person.data ?? first.person
  const pathOfMail = mailPath(user.id)
  const list = usePolled<MessagePage>({
    path: pathOfMail,
    everyMs: (answer) =>
      answer?.messages.some((message) => !isFinal(message.status)) ? listPollMs.underWay : listPollMs.quiet,
    first: { path: pathOfMail, answer: first.mail },
    isKept: true,
  })
  const { messages: mail, next_cursor } = list.data ?? first.mail
  return {
    user,
    onboarding,
    notes,
    mail,
    hasOlder: next_cursor !== null,
    query: {
      isError: person.isError || list.isError,
      dataUpdatedAt: Math.min(person.dataUpdatedAt, list.dataUpdatedAt),
    },
  }
}

const accountWord = (user: UserView): string =>
  user.status === 'disabled' ? 'Disabled' : canBeInvited(user) ? 'Invited' : 'Active'

function canSignIn(user: UserView, now: number): string {
  if (user.status === 'disabled') return 'No, the account is disabled'
  if (!user.has_password) return 'Not yet, no password set'
  const over = user.first_password_expires_at
  if (over !== null && Date.parse(over) <= now) return 'No, the first password has expired. Send the invitation again'
  return user.must_change_password ? 'Yes, then they must change their first password' : 'Yes'
}

function Account({ user }: { user: UserView }) {
  const { now } = useClock()
  return (
    <Facts
      facts={[
        { name: 'Role', value: roleLabel(user.role) },
        { name: 'Can sign in', value: canSignIn(user, now) },
        { name: 'Last sign-in', value: user.last_sign_in_at ? <Time at={user.last_sign_in_at} /> : 'Never' },
        { name: 'Created', value: <Time at={user.created_at} as="exact" /> },
      ]}
    />
  )
}

const columns: Column<MessageListItem>[] = [
  { key: 'subject', head: 'Subject', width: '44%', narrow: 'who', link: true, cell: (message) => message.subject },
  { key: 'to', head: 'To', width: '25%', narrow: 'what', cell: (message) => message.to },
  {
    key: 'status',
    head: 'Status',
    width: '19%',
    narrow: 'chip',
    cell: (message) => <StatusChip status={shownStatus(message)} inTable />,
  },
  {
    key: 'asked',
    head: 'Asked for',
    width: '12%',
    narrow: 'when',
    cell: (message) => <Time at={message.created_at} inRow />,
  },
]
