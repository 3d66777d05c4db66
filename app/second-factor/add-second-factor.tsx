'use client'

import Button from '@mui/material/Button'
import { useState, type ReactNode, type SubmitEvent } from 'react'
import { announce } from '@/app/_ui/announce'
import { api } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { CopyButton } from '@/app/_ui/copy-button'
import { Notice } from '@/app/_ui/notice'
import { PasswordField, TextField } from '@/app/_ui/text-field'
import { useCall } from '@/app/_ui/use-call'
import { useFocused } from '@/app/_ui/use-focused'
import styles from './second-factor.module.css'

type App = { secret: string; qr_code: string }

/**
 * Adds an authenticator app in three steps: the password, a first code of the app, and the recovery codes, which are shown
 * once. Then it goes on to an address, or tells whoever shows it.
 */
export function AddSecondFactor(props: { goOnTo?: string; onDone?: () => void; onLeave?: () => void }) {
  const [app, setApp] = useState<App | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  if (codes) return <RecoveryCodes codes={codes} goOnTo={props.goOnTo} onDone={props.onDone} />
  if (app) return <FirstCode app={app} onCodes={setCodes} onLeave={props.onLeave} />
  return <Begin onApp={setApp} onLeave={props.onLeave} />
}

function Begin(props: { onApp: (app: App) => void; onLeave?: () => void }) {
  const [password, setPassword] = useState('')
  const { step, problem, fault, isBusy } = useStep('password')
  const input = useFocused<HTMLInputElement>()
  return (
    <StepForm
      problem={problem}
      isBusy={isBusy}
      button="Go on"
      onLeave={props.onLeave}
      onSubmit={() =>
        step(async () => {
          props.onApp(await api<App>('/api/account/second-factor', { method: 'POST', body: { password } }))
        })
      }
    >
      <PasswordField
        label="Your password"
        help="Once more, so that nobody else adds one here."
        autoComplete="current-password"
        inputRef={input}
        value={password}
        fault={fault}
        onChange={(event) => setPassword(event.target.value)}
      />
    </StepForm>
  )
}

function FirstCode(props: { app: App; onCodes: (codes: string[]) => void; onLeave?: () => void }) {
  const { app, onCodes, onLeave } = props
  const [code, setCode] = useState('')
  const { step, problem, fault, isBusy } = useStep('code')
  const input = useFocused<HTMLInputElement>()
  return (
    <StepForm
      problem={problem}
      isBusy={isBusy}
      button="Add it"
      onLeave={onLeave}
      onSubmit={() =>
        step(async () => {
          const body = { code }
          const answer = await api<{ recovery_codes: string[] }>('/api/account/second-factor/confirm', {
            method: 'POST',
            body,
          })
          announce('The second factor is added.')
          onCodes(answer.recovery_codes)
        })
      }
    >
      <div className={styles.scan}>
        <p>Scan this with an authenticator app, or type the key into it.</p>
        {/* oxlint-disable-next-line nextjs/no-img-element -- drawn by the server for this one person, as a data address */}
        <img src={app.qr_code} alt="QR code with the key below" className={styles.qr} />
        <p className={styles.secret}>
          <code className="mono">{app.secret.match(/.{4}/g)?.join(' ')}</code>
          <CopyButton value={app.secret} what="the key" />
        </p>
      </div>
      <TextField
        label="Code"
        help="Six digits, that the app shows now."
        autoComplete="one-time-code"
        inputRef={input}
        value={code}
        fault={fault}
        onChange={(event) => setCode(event.target.value)}
        inputProps={{ inputMode: 'numeric', maxLength: 10, className: 'mono' }}
      />
    </StepForm>
  )
}

function RecoveryCodes(props: { codes: string[]; goOnTo?: string; onDone?: () => void }) {
  const { codes, goOnTo, onDone } = props
  const heading = useFocused<HTMLParagraphElement>()
  return (
    <div className={styles.form}>
      <p ref={heading} tabIndex={-1}>
        <b>The second factor is added.</b> Keep these recovery codes where you find them without your phone. Each opens
        once what the app would open, and they are shown only now.
      </p>
      <ul className={styles.codes} aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code} className="mono">
            {code}
          </li>
        ))}
      </ul>
      <p className={styles.secret}>
        <span className={styles.note}>Copy all ten</span>
        <CopyButton value={codes.join('\n')} what="the recovery codes" />
      </p>
      {goOnTo ? (
        <Button href={goOnTo} variant="contained">
          I have kept them
        </Button>
      ) : (
        <Button variant="contained" onClick={onDone}>
          I have kept them
        </Button>
      )}
    </div>
  )
}

function StepForm(props: {
  problem: string | null
  isBusy: boolean
  button: string
  onSubmit: () => Promise<void>
  onLeave?: () => void
  children: ReactNode
}) {
  const { problem, isBusy, button, onSubmit, onLeave, children } = props
  return (
    <form
      noValidate
      className={styles.form}
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault()
        if (!isBusy) void onSubmit()
      }}
    >
      {problem === null ? null : (
        <Notice severity="error" title="The second factor was not added.">
          {problem}
        </Notice>
      )}
      {children}
      <BusyButton type="submit" variant="contained" isBusy={isBusy} busyWord="One moment">
        {button}
      </BusyButton>
      {onLeave ? (
        <Button variant="text" onClick={onLeave}>
          Not now
        </Button>
      ) : null}
    </form>
  )
}

/** The call of a step, and what was wrong: with its field, or with the whole. */
function useStep(field: string) {
  const { call, isBusy, refused } = useCall()
  const fault = refused?.fields[field]
  return { step: call, isBusy, fault, problem: refused && !fault ? refused.message : null }
}
