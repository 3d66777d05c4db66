'use client'

import Link from 'next/link'
import { useEffect, useRef, useState, type SubmitEvent } from 'react'
import { ApiError } from '@/app/_ui/api'
import { signIn } from '@/app/_ui/auth'
import { BusyButton } from '@/app/_ui/button'
import { CodeField, type CodeKind } from '@/app/_ui/code-field'
import { Notice } from '@/app/_ui/notice'
import { PasswordField, TextField } from '@/app/_ui/text-field'
import { useFocused } from '@/app/_ui/use-focused'
import { forgotPasswordPage, safeReturnPath, signInSentence } from '@/core/sign-in'
import styles from './sign-in.module.css'

/** Keeps what was typed when it is refused, but for the password. Asks for a code only when the server says so. */
export function SignInForm({ returnTo, refusal }: { returnTo: string | null; refusal: string | null }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [step, setStep] = useState<'password' | 'code'>('password')
  const [code, setCode] = useState('')
  const [codeKind, setCodeKind] = useState<CodeKind>('app')
  const [isBusy, setIsBusy] = useState(false)
  const [problem, setProblem] = useState(refusal === null ? null : signInSentence(refusal))
  const emailInput = useFocused<HTMLInputElement>()
  const passwordInput = useRef<HTMLInputElement>(null)
  const codeInput = useRef<HTMLInputElement>(null)

  useEffect(() => {
    if (step === 'code') codeInput.current?.focus()
  }, [step])

  const refuse = (sentence: string, isCodeWrong = false) => {
    setProblem(sentence)
    setCode('')
    setIsBusy(false)
    if (isCodeWrong) return codeInput.current?.focus()
    setStep('password')
    setPassword('')
    passwordInput.current?.focus()
  }

  const askForCode = () => {
    setStep('code')
    setIsBusy(false)
  }

  const submit = async () => {
    if (email.trim() === '' || password === '') return setProblem('Please enter both email and password')
    if (step === 'code' && code.trim() === '') return setProblem('Please enter the code')
    setIsBusy(true)
    setProblem(null)
    try {
      const callbackUrl = safeReturnPath(returnTo, window.location.origin)
      const refused = await signIn({
        email: email.trim(),
        password,
        code: step === 'code' ? code.trim() : '',
        callbackUrl,
      })
      if (refused?.code === 'code_needed') return askForCode()
      if (refused) return refuse(refused.sentence, step === 'code' && refused.code !== 'wrong_credentials')
      // A whole new page: nothing of the signed-out one is kept.
      window.location.assign(callbackUrl)
    } catch (error) {
      if (error instanceof ApiError) return refuse(`You are not signed in. ${error.message}`)
      if (!(error instanceof TypeError)) throw error
      refuse('You are not signed in. The server could not be reached.')
    }
  }

  return (
    <form
      noValidate
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault()
        if (!isBusy) void submit()
      }}
    >
      {problem === null ? null : <Notice severity="error" title={problem} />}
      {step === 'password' ? (
        <>
          <TextField
            label="Address"
            type="email"
            name="email"
            autoComplete="username"
            inputRef={emailInput}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            inputProps={{ autoCapitalize: 'none', spellCheck: false }}
          />
          <PasswordField
            label="Password"
            name="password"
            autoComplete="current-password"
            aside={
              <Link href={forgotPasswordPage} className={styles.forgot}>
                Forgot password?
              </Link>
            }
            inputRef={passwordInput}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </>
      ) : (
        <CodeField kind={codeKind} onKind={setCodeKind} inputRef={codeInput} value={code} onValue={setCode} />
      )}
      <BusyButton type="submit" variant="contained" fullWidth isBusy={isBusy} busyWord="Signing in">
        {step === 'password' ? 'Sign in' : 'Go on'}
      </BusyButton>
    </form>
  )
}
