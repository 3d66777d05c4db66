'use client'

import Link from 'next/link'
import { useState, type SubmitEvent } from 'react'
import { announce } from '@/app/_ui/announce'
import { api, ApiError } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Notice } from '@/app/_ui/notice'
import { SignedOut } from '@/app/_ui/signed-out'
import { TextField } from '@/app/_ui/text-field'
import { useFocused } from '@/app/_ui/use-focused'
import { faultsByField, forgotPasswordRequest, plainWords } from '@/core/requests'
import { signInPage } from '@/core/sign-in'

const back = (
  <Link href={signInPage} className="link">
    Back to the sign-in
  </Link>
)

/** Asks for the address, and then says the same for every address. What was typed is kept until it has been heard. */
export function ForgotPasswordForm() {
  const [email, setEmail] = useState('')
  const [fault, setFault] = useState<string>()
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const [askedFor, setAskedFor] = useState<string | null>(null)
  const input = useFocused<HTMLInputElement>()

  if (askedFor !== null) return <Asked email={askedFor} />

  const submit = async () => {
    setProblem(null)
    const checked = forgotPasswordRequest.safeParse({ email }, { error: plainWords })
    setFault(checked.success ? undefined : faultsByField(checked.error)['email'])
    if (!checked.success) return input.current?.focus()
    setIsBusy(true)
    try {
      await api('/api/forgot-password', { method: 'POST', body: checked.data })
      announce('Look into your mail.')
      setAskedFor(checked.data.email)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setProblem(`${error.message} What you typed is kept.`)
    } finally {
      setIsBusy(false)
    }
  }

  return (
    <SignedOut title="Forgot password" lead="You get a mail with a link to choose a new one." below={back}>
      <form
        noValidate
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault()
          if (!isBusy) void submit()
        }}
      >
        {problem === null ? null : (
          <Notice severity="error" title="No mail was asked for.">
            {problem}
          </Notice>
        )}
        <TextField
          label="Address"
          type="email"
          name="email"
          autoComplete="username"
          inputRef={input}
          value={email}
          fault={fault}
          onChange={(event) => {
            setEmail(event.target.value)
            setFault(undefined)
          }}
          inputProps={{ autoCapitalize: 'none', spellCheck: false }}
        />
        <BusyButton type="submit" variant="contained" fullWidth isBusy={isBusy} busyWord="Asking">
          Send the link
        </BusyButton>
      </form>
    </SignedOut>
  )
}

/** True of every address, with an account or without. */
function Asked({ email }: { email: string }) {
  const heading = useFocused<HTMLHeadingElement>()
  return (
    <SignedOut
      title="Look into your mail"
      lead={
        <>
          If there is an account for <b>{email}</b>, a mail with a link is on its way. The link works once, for 60
          minutes; a newer mail takes its place. At most three mails an hour are sent.
        </>
      }
      heading={heading}
      below={back}
    />
  )
}
