'use client'

import Button from '@mui/material/Button'
import { useState } from 'react'
import { api } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { CodeField, type CodeKind } from '@/app/_ui/code-field'
import { Dialog, DialogBody } from '@/app/_ui/dialog'
import { Notice } from '@/app/_ui/notice'
import page from '@/app/_ui/reading-page.module.css'
import { PasswordField } from '@/app/_ui/text-field'
import { Time } from '@/app/_ui/time'
import { toast } from '@/app/_ui/toast'
import { useCall } from '@/app/_ui/use-call'
import { AddSecondFactor } from '@/app/second-factor/add-second-factor'
import type { SecondFactorView } from '@/core/views'
import styles from './account.module.css'

/** Whether signing in takes a code too, and the way to add or remove the app that shows it. */
export function SecondFactor({ first }: { first: SecondFactorView }) {
  const [factor, setFactor] = useState(first)
  const [shown, setShown] = useState<'nothing' | 'adding' | 'removing'>('nothing')
  const refresh = async () => {
    setShown('nothing')
    setFactor((await api<{ second_factor: SecondFactorView }>('/api/account/second-factor')).second_factor)
  }

  return (
    <section className={page.section} aria-labelledby="second-factor">
      <h2 id="second-factor">Second factor</h2>
      {factor.since ? (
        <>
          <p>
            Signing in takes a code of your authenticator app too, since <Time at={factor.since} />.
          </p>
          <p className={styles.note}>
            {factor.recovery_codes_left === 0
              ? 'All recovery codes are used. Remove the app and add it again to get new ones.'
              : `${factor.recovery_codes_left} of 10 recovery codes are left.`}
          </p>
          <div className={styles.actions}>
            <Button onClick={() => setShown('removing')}>Remove…</Button>
          </div>
        </>
      ) : shown === 'adding' ? (
        <AddSecondFactor onDone={() => void refresh()} onLeave={() => setShown('nothing')} />
      ) : (
        <>
          <p className={styles.note}>
            Somebody who learns your password could sign in as you. With a second factor they would need your phone too.
          </p>
          <div className={styles.actions}>
            <Button onClick={() => setShown('adding')}>Add an authenticator app</Button>
          </div>
        </>
      )}
      {shown === 'removing' ? (
        <RemoveDialog
          isRequired={factor.is_required}
          onClose={() => setShown('nothing')}
          onRemoved={() => {
            toast('The second factor is removed.')
            void refresh()
          }}
        />
      ) : null}
    </section>
  )
}

/** Takes the password and a code: what somebody who found this page open does not have. */
function RemoveDialog(props: { isRequired: boolean; onClose: () => void; onRemoved: () => void }) {
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [kind, setKind] = useState<CodeKind>('app')
  const { call, isBusy, refused } = useCall()
  const faults = refused?.fields ?? {}
  const problem = refused && Object.keys(faults).length === 0 ? refused.message : null

  const remove = async () => {
    await api('/api/account/second-factor/remove', { method: 'POST', body: { password, code } })
    props.onRemoved()
  }

  return (
    <Dialog onClose={props.onClose} isLocked={isBusy}>
      <DialogBody
        title="Remove the second factor?"
        onClose={props.onClose}
        onSubmit={() => void call(remove)}
        isLocked={isBusy}
        actions={
          <>
            <Button onClick={props.onClose} disabled={isBusy}>
              Keep it
            </Button>
            <BusyButton type="submit" variant="contained" color="error" isBusy={isBusy} busyWord="Removing">
              Remove it
            </BusyButton>
          </>
        }
      >
        <div className={styles.form}>
          {problem === null ? null : (
            <Notice severity="error" title="The second factor was not removed.">
              {problem}
            </Notice>
          )}
          <p>
            Then your password alone opens the dashboard, and the recovery codes open nothing.
            {props.isRequired ? ' Your role needs one, so you will be asked to add another at once.' : ''}
          </p>
          <PasswordField
            label="Your password"
            autoComplete="current-password"
            value={password}
            fault={faults['password']}
            onChange={(event) => setPassword(event.target.value)}
          />
          <CodeField kind={kind} onKind={setKind} value={code} onValue={setCode} fault={faults['code']} />
        </div>
      </DialogBody>
    </Dialog>
  )
}
