'use client'

import Button from '@mui/material/Button'
import { useEffect, useEffectEvent, useRef, useState, type SubmitEvent } from 'react'
import { announce } from '@/app/_ui/announce'
import { api, ApiError } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Notice } from '@/app/_ui/notice'
import { PasswordStrength } from '@/app/_ui/password-strength'
import { SignedOut } from '@/app/_ui/signed-out'
import { PasswordField } from '@/app/_ui/text-field'
import { useHashToken } from '@/app/_ui/use-hash-token'
import { useFocused } from '@/app/_ui/use-focused'
import { passwordSchema } from '@/core/requests'
import styles from './set-password.module.css'

const invitation = { title: 'Choose a password', lead: 'A few words in a row are good.' }

type Problem = { title: string; detail?: string }

const linkIsOver: Problem = { title: 'This link has been used or is too old. Ask support for a new one.' }

/** @param mustChangeAs the address of who is signed in with a first password; null for everyone else */
export function SetPasswordForm({ mustChangeAs }: { mustChangeAs: string | null }) {
  const token = useHashToken()
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const [faults, setFaults] = useState<{ password?: string; again?: string }>({})
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const [next, setNext] = useState<string | null>(null)
  const passwordInput = useRef<HTMLInputElement>(null)
  const againInput = useRef<HTMLInputElement>(null)
  useToldOpening(token, () => setProblem(linkIsOver))

  if (next !== null) return <Done next={next} />
  if (token === '' && mustChangeAs === null) {
    return (
      <SignedOut {...invitation}>
        <div className={styles.notice}>
          <Notice severity="error" title="This address is not complete.">
            Open the link in the mail again, or ask support for a new one.
          </Notice>
        </div>
      </SignedOut>
    )
  }

  const submit = async () => {
    const found = check(password, again)
    setFaults(found)
    setProblem(null)
    if (found.password) return passwordInput.current?.focus()
    if (found.again) return againInput.current?.focus()
    setIsBusy(true)
    try {
      const answer = await (token
        ? api<{ next: string }>('/api/reset-password', { method: 'POST', body: { token, password } })
        : api<{ next: string }>('/api/set-password', { method: 'POST', body: { password } }))
      announce('Your password is set.')
      setNext(answer.next)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.fields['token']) setProblem(linkIsOver)
      else if (error.fields['password']) setFaults({ password: error.fields['password'] })
      else setProblem({ title: 'Your password was not set.', detail: `${error.message} What you typed is kept.` })
    } finally {
      setIsBusy(false)
    }
  }

  return (
    <SignedOut {...invitation}>
      <form
        noValidate
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault()
          if (!isBusy) void submit()
        }}
      >
        {problem === null ? null : (
          <Notice severity="error" title={problem.title}>
            {problem.detail}
          </Notice>
        )}
        {/* For password managers, which save the pair. */}
        <input type="email" name="username" autoComplete="username" value={mustChangeAs ?? ''} readOnly hidden />
        <PasswordField
          label="New password"
          autoComplete="new-password"
          inputRef={passwordInput}
          value={password}
          fault={faults.password}
          help={<PasswordStrength password={password} person={{ email: mustChangeAs ?? '' }} />}
          onChange={(event) => {
            setPassword(event.target.value)
            if (faults.password) setFaults({ ...faults, password: check(event.target.value, again).password })
          }}
        />
        <PasswordField
          label="The same again"
          autoComplete="new-password"
          inputRef={againInput}
          value={again}
          fault={faults.again}
          onChange={(event) => {
            setAgain(event.target.value)
            if (faults.again) setFaults({ ...faults, again: check(password, event.target.value).again })
          }}
        />
        <BusyButton type="submit" variant="contained" fullWidth isBusy={isBusy} busyWord="Setting">
          Set password
        </BusyButton>
      </form>
    </SignedOut>
  )
}

/** Tells once that the link was opened here, and hears at once when it works no more: before somebody thinks of a password. */
function useToldOpening(token: string | null, onOver: () => void) {
  const tell = useEffectEvent(async (opened: string) => {
    try {
      const { why_not } = await api<{ why_not: string | null }>('/api/set-password/opened', {
        method: 'POST',
        body: { token: opened },
      })
      if (why_not !== null) onOver()
    } catch (error) {
      // Whatever else went wrong is said when the password is set.
      if (!(error instanceof ApiError)) throw error
    }
  })
  useEffect(() => {
    if (token) void tell(token)
  }, [token])
}

function check(password: string, again: string): { password?: string; again?: string } {
  const checked = passwordSchema.safeParse(password)
  if (!checked.success) return { password: checked.error.issues[0]?.message }
  return again === password ? {} : { again: 'This is not the same password.' }
}

/** Where to go on: staff to their sign-in or the dashboard, everyone else to the store. */
function Done({ next }: { next: string }) {
  const heading = useFocused<HTMLHeadingElement>()
  const words = next.endsWith('/support/login')
    ? { sentence: 'You can sign in with it now.', button: 'Sign in' }
    : next.startsWith('/support')
      ? { sentence: 'You are signed in.', button: 'Go to the dashboard' }
      : { sentence: 'You can sign in with it at the store now.', button: 'Go to the store' }
  return (
    <SignedOut title="Your password is set" lead={words.sentence} heading={heading}>
      <div className={styles.done}>
        <Button href={next} variant="contained" fullWidth>
          {words.button}
        </Button>
      </div>
    </SignedOut>
  )
}
