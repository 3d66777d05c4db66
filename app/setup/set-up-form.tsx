'use client'

import Button from '@mui/material/Button'
import { useState, type SubmitEvent } from 'react'
import { announce } from '@/app/_ui/announce'
import { api, ApiError } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Notice } from '@/app/_ui/notice'
import { SignedOut } from '@/app/_ui/signed-out'
import { PasswordField, TextField } from '@/app/_ui/text-field'
import { useHashToken } from '@/app/_ui/use-hash-token'
import { faultsByField, plainWords, setUpRequest } from '@/core/requests'
import { signInPage } from '@/core/sign-in'
import styles from './set-up.module.css'

const head = { title: 'Set up Usual Store Support', lead: 'This makes the first account: a Super Administrator.' }
const blank = { first_name: '', last_name: '', email: '', password: '', again: '' }

/** Makes the first super_admin, with the link from the server's log. */
export function SetUpForm() {
  const token = useHashToken()
  const [typed, setTyped] = useState(blank)
  const [faults, setFaults] = useState<Record<string, string>>({})
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const [isDone, setIsDone] = useState(false)

  if (isDone) {
    return (
      <SignedOut title="The first account is made" lead="You can sign in with it now.">
        <div className={styles.below}>
          <Button href={signInPage} variant="contained" fullWidth>
            Sign in
          </Button>
        </div>
      </SignedOut>
    )
  }
  if (token === '') {
    return (
      <SignedOut {...head}>
        <div className={styles.below}>
          <Notice severity="error" title="This address is not complete.">
            Copy the whole link from the log of the server.
          </Notice>
        </div>
      </SignedOut>
    )
  }

  const submit = async () => {
    const { again, ...person } = typed
    const checked = setUpRequest.safeParse({ ...person, token: token ?? '' }, { error: plainWords })
    const found = checked.success ? {} : faultsByField(checked.error)
    const all = { ...found, ...(again === typed.password ? {} : { again: 'This is not the same password.' }) }
    setFaults(all)
    setProblem(null)
    if (Object.keys(all).length > 0) return
    setIsBusy(true)
    try {
      await api('/api/setup', { method: 'POST', body: { ...person, token } })
      announce('The first account is made.')
      setIsDone(true)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setFaults(error.fields)
      if (error.fields['token'] ?? Object.keys(error.fields).length === 0) setProblem(error.message)
    } finally {
      setIsBusy(false)
    }
  }
  const field = (name: keyof typeof blank) => ({
    name,
    value: typed[name],
    fault: faults[name],
    onChange: (event: { target: { value: string } }) => setTyped({ ...typed, [name]: event.target.value }),
  })

  return (
    <SignedOut {...head}>
      <form
        noValidate
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault()
          if (!isBusy) void submit()
        }}
      >
        {problem === null ? null : (
          <Notice severity="error" title="The account was not made.">
            {problem}
          </Notice>
        )}
        <TextField label="First name" autoComplete="given-name" {...field('first_name')} />
        <TextField label="Last name" autoComplete="family-name" {...field('last_name')} />
        <TextField label="Address" type="email" autoComplete="username" {...field('email')} />
        <PasswordField label="Password" autoComplete="new-password" {...field('password')} />
        <PasswordField label="The same again" autoComplete="new-password" {...field('again')} />
        <BusyButton type="submit" variant="contained" fullWidth isBusy={isBusy} busyWord="Making it">
          Make the account
        </BusyButton>
      </form>
    </SignedOut>
  )
}
