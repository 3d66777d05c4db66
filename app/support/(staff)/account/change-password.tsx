'use client'

import { useState, type SubmitEvent } from 'react'
import { api, ApiError } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Notice } from '@/app/_ui/notice'
import page from '@/app/_ui/reading-page.module.css'
import { PasswordField } from '@/app/_ui/text-field'
import { toast } from '@/app/_ui/toast'
import { passwordSchema } from '@/core/requests'
import { presentPasswordNeeded } from '@/core/sign-in'
import styles from './account.module.css'

const blank = { current_password: '', password: '', again: '' }

/** Changes one's own password, with the present one. All other sessions end. */
export function ChangePassword({ email }: { email: string }) {
  const [typed, setTyped] = useState(blank)
  const [faults, setFaults] = useState<Record<string, string | undefined>>({})
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setIsBusy] = useState(false)

  const submit = async () => {
    const found = check(typed)
    setFaults(found)
    setProblem(null)
    if (Object.keys(found).length > 0) return
    setIsBusy(true)
    try {
      const { current_password, password } = typed
      await api('/api/set-password', { method: 'POST', body: { current_password, password } })
      setTyped(blank)
      toast('Your password is changed. You are signed out everywhere else.')
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setFaults(error.fields)
      if (Object.keys(error.fields).length === 0) setProblem(error.message)
    } finally {
      setIsBusy(false)
    }
  }
  const field = (name: keyof typeof blank) => ({
    value: typed[name],
    fault: faults[name],
    onChange: (event: { target: { value: string } }) => setTyped({ ...typed, [name]: event.target.value }),
  })

  return (
    <section className={page.section} aria-labelledby="password">
      <h2 id="password">Password</h2>
      <form
        noValidate
        className={styles.form}
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault()
          if (!isBusy) void submit()
        }}
      >
        {problem === null ? null : (
          <Notice severity="error" title="Your password was not changed.">
            {problem}
          </Notice>
        )}
        {/* For password managers, which save the pair. */}
        <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
        <PasswordField label="Present password" autoComplete="current-password" {...field('current_password')} />
        <PasswordField label="New password" autoComplete="new-password" {...field('password')} />
        <PasswordField label="The same again" autoComplete="new-password" {...field('again')} />
        <BusyButton type="submit" isBusy={isBusy} busyWord="Changing">
          Change password
        </BusyButton>
      </form>
    </section>
  )
}

function check(typed: typeof blank): Record<string, string> {
  const checked = passwordSchema.safeParse(typed.password)
  return {
    ...(typed.current_password === '' && { current_password: presentPasswordNeeded }),
    ...(!checked.success && { password: checked.error.issues[0]?.message ?? '' }),
    ...(checked.success && typed.again !== typed.password && { again: 'This is not the same password.' }),
  }
}
