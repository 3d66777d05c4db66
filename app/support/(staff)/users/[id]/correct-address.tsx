'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useState, type SubmitEvent } from 'react'
import { notDone } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { DidYouMean } from '@/app/_ui/did-you-mean'
import { TextField } from '@/app/_ui/text-field'
import { toast } from '@/app/_ui/toast'
import { useCall } from '@/app/_ui/use-call'
import { useFocusKept } from '@/app/_ui/use-focus-kept'
import { useOnce } from '@/app/_ui/use-once'
import { isAddress, sameAddressKey } from '@/core/address'
import type { UserView } from '@/core/views'
import styles from './person.module.css'

/** What could not reach the old address is sent to the right one, in one step. */
export function CorrectAddress({ user }: { user: UserView }) {
  const queries = useQueryClient()
  const [typed, setTyped] = useState(user.email)
  const [isTried, setIsTried] = useState(false)
  const { call, isBusy, refused, forget } = useCall()
  const once = useOnce()
  const around = useFocusKept()
  const address = typed.trim()
  const fault = !isAddress(address)
    ? 'This is not one complete mail address, such as name@example.com.'
    : sameAddressKey(address) === sameAddressKey(user.email)
      ? 'This is the address that did not work. Type the right one.'
      : null

  const correct = async () => {
    const body = { email: address, send_again: true }
    const { message } = await once<{ message: string }>(`/api/users/${user.id}`, { method: 'PATCH', body })
    toast(message)
    await queries.invalidateQueries()
  }
  const problem = refused === null ? null : notDone(refused, 'It was not corrected.')
  const type = (address: string) => {
    setTyped(address)
    // It was about the address before, and would hide what is said of this one.
    forget()
  }
  return (
    <form
      {...around}
      noValidate
      className={styles.correct}
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault()
        setIsTried(true)
        if (fault === null && !isBusy) void call(correct)
      }}
    >
      <TextField
        label="Correct address"
        type="email"
        value={typed}
        fault={
          refused?.fields['email'] ??
          (problem ? `${problem.title} ${problem.why}` : isTried ? (fault ?? undefined) : undefined)
        }
        help={
          <>
            Changes the address, ends the old link and sends a new mail. One audit entry.{' '}
            <DidYouMean address={address} onTake={type} />
          </>
        }
        onChange={(event) => type(event.target.value)}
        inputProps={{ autoCapitalize: 'none', spellCheck: false, autoComplete: 'off' }}
        readOnly={isBusy}
      />
      <BusyButton type="submit" variant="contained" isBusy={isBusy} busyWord="Sending">
        Correct and send again
      </BusyButton>
    </form>
  )
}
