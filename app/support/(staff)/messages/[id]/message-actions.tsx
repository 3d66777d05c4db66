'use client'

import Button from '@mui/material/Button'
import MenuItem from '@mui/material/MenuItem'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { ApiError, notDone } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { copyText } from '@/app/_ui/copy-text'
import { Dialog, DialogBody } from '@/app/_ui/dialog'
import { MoreMenu } from '@/app/_ui/more-menu'
import { Notice } from '@/app/_ui/notice'
import { toast } from '@/app/_ui/toast'
import { useCall } from '@/app/_ui/use-call'
import { useFocusKept } from '@/app/_ui/use-focus-kept'
import { useOnce } from '@/app/_ui/use-once'
import { carriesFreshLink } from '@/core/customer-words'
import type { MessageAction, MessageView } from '@/core/views'
import styles from './message.module.css'

type Act = {
  action: MessageAction
  button: string
  busyWord: string
  isMain?: true
  done: string
  notDone: string
  /** What has to be known first; null: it is done at once. */
  warning: (message: MessageView) => string | null
}

/** In the order of their use: the first that may be done is the one to press. */
const acts: Act[] = [
  {
    action: 'release',
    button: 'Release it',
    busyWord: 'Releasing',
    isMain: true,
    done: 'The mail is released.',
    notDone: 'It was not released.',
    warning: () => null,
  },
  {
    action: 'retry',
    button: 'Retry now',
    busyWord: 'Retrying',
    isMain: true,
    done: 'It is tried again now.',
    notDone: 'It was not tried again.',
    warning: (message) =>
      message.may_have_been_delivered ? 'The same message is handed over once more, with the same Message-ID.' : null,
  },
  {
    action: 'cancel',
    button: 'Cancel mail',
    busyWord: 'Cancelling',
    done: 'The mail is cancelled.',
    notDone: 'It was not cancelled.',
    warning: ({ to }) => `Nothing more is sent to ${to}. What it carried, a link or a password, is erased.`,
  },
  {
    action: 'resend',
    button: 'Send again',
    busyWord: 'Sending',
    done: 'It is sent again, as this new message.',
    notDone: 'It was not sent again.',
    warning: ({ user, to, template }) =>
      [
        `A new message with the same words is sent to ${user && carriesFreshLink(template) ? `the address that ${user.name} has now, ${user.email}` : to}.`,
        carriesFreshLink(template) ? 'It carries a new link, and earlier links end.' : '',
      ].join(' '),
  },
]

/** Why whoever gets it may have it twice; null: nothing of it has left. */
function secondCopy(message: MessageView): string | null {
  if (message.may_have_been_delivered)
    return 'A second copy is possible: an earlier try may have been delivered, and nobody can know.'
  if (message.status === 'sent' && message.delivery !== 'pretend')
    return 'They are going to have it twice: the first one was accepted.'
  return null
}

/** What can be done with this mail. What cannot stands in the menu, with the reason. */
export function MessageActions({ message, caseText }: { message: MessageView; caseText: string }) {
  const perform = usePerform(message.id)
  const around = useFocusKept()
  const [asking, setAsking] = useState<Act | null>(null)
  const [busy, setBusy] = useState<MessageAction | null>(null)

  const begin = async (act: Act) => {
    if (act.warning(message) !== null) return setAsking(act)
    setBusy(act.action)
    try {
      await perform(act)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const { title, why } = notDone(error, act.notDone)
      toast(`${title} ${why}`, { failed: true })
    } finally {
      setBusy(null)
    }
  }

  return (
    <div className={styles.acts} {...around}>
      {acts
        .filter(({ action }) => message.actions[action] === null)
        .map((act) => (
          <BusyButton
            key={act.action}
            variant={act.isMain ? 'contained' : 'outlined'}
            isBusy={busy === act.action}
            busyWord={act.busyWord}
            disabled={busy !== null && busy !== act.action}
            onClick={() => void begin(act)}
          >
            {act.warning(message) === null ? act.button : `${act.button}…`}
          </BusyButton>
        ))}
      <More message={message} caseText={caseText} />
      {asking ? (
        <Ask act={asking} message={message} perform={() => perform(asking)} onClose={() => setAsking(null)} />
      ) : null}
    </div>
  )
}

function usePerform(id: string) {
  const router = useRouter()
  const queries = useQueryClient()
  const once = useOnce()
  return async ({ action, done }: Act) => {
    const answer = await once<{ id: string }>(`/api/messages/${id}/${action}`, { method: 'POST' })
    toast(done)
    if (answer.id === id) await queries.invalidateQueries()
    else router.push(`/support/messages/${answer.id}`)
  }
}

/** Says what follows before it is done: a second copy, or a secret that is erased. */
function Ask(props: { act: Act; message: MessageView; perform: () => Promise<void>; onClose: () => void }) {
  const { act, message, perform, onClose } = props
  const { call, isBusy, refused } = useCall()
  const problem = refused === null ? null : notDone(refused, act.notDone)
  const copies = act.action === 'cancel' ? null : secondCopy(message)
  return (
    <Dialog onClose={onClose} isLocked={isBusy}>
      <DialogBody
        title={`${act.button}?`}
        onClose={onClose}
        isLocked={isBusy}
        onSubmit={() => void call(() => perform().then(onClose))}
        actions={
          <>
            <Button onClick={onClose} disabled={isBusy}>
              Leave it
            </Button>
            <BusyButton type="submit" variant="contained" isBusy={isBusy} busyWord={act.busyWord}>
              {act.button}
            </BusyButton>
          </>
        }
      >
        <div className={styles.ask}>
          {problem ? (
            <Notice severity="error" title={problem.title}>
              {problem.why}
            </Notice>
          ) : null}
          {copies ? (
            <Notice severity="warning" title="A second copy is possible">
              {copies}
            </Notice>
          ) : null}
          <p>{act.warning(message)}</p>
        </div>
      </DialogBody>
    </Dialog>
  )
}

function More({ message, caseText }: { message: MessageView; caseText: string }) {
  // Releasing means nothing to a mail that nobody holds back.
  const closed = acts.filter(
    ({ action }) => message.actions[action] !== null && (action !== 'release' || message.delivery === 'held'),
  )
  return (
    <MoreMenu label="More about this mail">
      {(close) => [
        <MenuItem
          key="copy"
          onClick={() => {
            close()
            void copyCase(caseText)
          }}
        >
          Copy case
        </MenuItem>,
        ...closed.map(({ action, button }) => (
          <MenuItem key={action} disabled className={styles.closed}>
            {button}
            <span className={styles.reason}>{message.actions[action]}</span>
          </MenuItem>
        )),
      ]}
    </MoreMenu>
  )
}

async function copyCase(text: string): Promise<void> {
  if (await copyText(text, 'the case')) toast('The case is copied: its link, its story, and its data without secrets.')
  else toast('It was not copied: this browser does not allow it.', { failed: true })
}
