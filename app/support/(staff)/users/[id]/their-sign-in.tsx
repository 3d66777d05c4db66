'use client'

import Button from '@mui/material/Button'
import { useState } from 'react'
import { api, notDone } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Dialog, DialogBody } from '@/app/_ui/dialog'
import { Notice } from '@/app/_ui/notice'
import page from '@/app/_ui/reading-page.module.css'
import { toast } from '@/app/_ui/toast'
import { useCall } from '@/app/_ui/use-call'
import { can, type StaffActor } from '@/core/permissions'
import type { UserView } from '@/core/views'
import { nameOf } from '../name-of'

const acts = {
  signOut: {
    button: 'Sign out everywhere…',
    title: (name: string) => `Sign ${name} out everywhere?`,
    text: 'Every session of theirs ends at once, as after a lost laptop. They can sign in again.',
    act: 'Sign out',
    failed: 'They are still signed in.',
    method: 'POST',
    path: 'sign-out',
    done: (name: string) => `${name} is signed out everywhere.`,
  },
  removeFactor: {
    button: 'Remove second factor…',
    title: (name: string) => `Remove the second factor of ${name}?`,
    text: 'For somebody who lost their phone and their recovery codes. Make sure that it is really they who ask: until they add another, their password alone opens the dashboard.',
    act: 'Remove it',
    failed: 'The second factor was not removed.',
    method: 'DELETE',
    path: 'second-factor',
    done: (name: string) => `The second factor of ${name} is removed.`,
  },
} as const

/** What may be done to how somebody signs in; nothing is shown to who may not. */
export function TheirSignIn({ actor, user }: { actor: StaffActor; user: UserView }) {
  const [asked, setAsked] = useState<keyof typeof acts | null>(null)
  const offered = [
    ...(can(actor, 'user.sign_out', user) ? (['signOut'] as const) : []),
    ...(can(actor, 'user.remove_second_factor', user) ? (['removeFactor'] as const) : []),
  ]
  if (offered.length === 0 || user.role === 'user') return null
  return (
    <section className={page.section} aria-labelledby="their-sign-in">
      <h2 id="their-sign-in">Signing in</h2>
      <div className={page.actions}>
        {offered.map((which) => (
          <Button key={which} onClick={() => setAsked(which)}>
            {acts[which].button}
          </Button>
        ))}
      </div>
      {asked ? <Confirm which={asked} user={user} onClose={() => setAsked(null)} /> : null}
    </section>
  )
}

function Confirm({ which, user, onClose }: { which: keyof typeof acts; user: UserView; onClose: () => void }) {
  const { call, isBusy, refused } = useCall()
  const act = acts[which]
  const name = nameOf(user)
  const problem = refused === null ? null : notDone(refused, act.failed)

  const go = async () => {
    await api(`/api/users/${user.id}/${act.path}`, { method: act.method })
    toast(act.done(name))
    onClose()
  }

  return (
    <Dialog onClose={onClose} isLocked={isBusy}>
      <DialogBody
        title={act.title(name)}
        onClose={onClose}
        onSubmit={() => void call(go)}
        isLocked={isBusy}
        actions={
          <>
            <Button onClick={onClose} disabled={isBusy}>
              Leave it
            </Button>
            <BusyButton type="submit" variant="contained" isBusy={isBusy} busyWord="One moment">
              {act.act}
            </BusyButton>
          </>
        }
      >
        {problem ? (
          <Notice severity="error" title={problem.title}>
            {problem.why}
          </Notice>
        ) : null}
        <p>{act.text}</p>
      </DialogBody>
    </Dialog>
  )
}
