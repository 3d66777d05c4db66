'use client'

import Button from '@mui/material/Button'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type ChangeEvent } from 'react'
import { ApiError } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Dialog, DialogBody } from '@/app/_ui/dialog'
import { DidYouMean } from '@/app/_ui/did-you-mean'
import { Radio, RadioGroup } from '@/app/_ui/radio'
import { PasswordField, TextField } from '@/app/_ui/text-field'
import { toast } from '@/app/_ui/toast'
import { useIsHere } from '@/app/_ui/use-is-here'
import { useOnce } from '@/app/_ui/use-once'
import { sameAddressKey } from '@/core/address'
import { createableRoles, whyNot, type StaffActor } from '@/core/permissions'
import { editUserRequest, faultsByField, plainWords } from '@/core/requests'
import { roleLabel } from '@/core/roles'
import { presentPasswordNeeded } from '@/core/sign-in'
import type { UserView } from '@/core/views'
import styles from './dialog-body.module.css'
import { FormProblem, pleaseCheck, type Problem } from './form-problem'
import { nameOf } from './name-of'
import { roleMeanings } from './role-meanings'

const labels = {
  first_name: 'First name',
  last_name: 'Last name',
  email: 'Address',
  current_password: 'Your present password',
}
type TextName = Exclude<keyof typeof labels, 'current_password'>
type Edited = Pick<UserView, TextName | 'role' | 'status'>
type Faults = Partial<Record<keyof Edited | 'current_password', string>>

const notSaved = 'Nothing was changed.'
const unknown = {
  title: 'It is not known whether it was changed.',
  why: 'The connection broke off. Save again: nothing is done twice.',
}

/**
 * Names, address, role, and whether they may sign in. Only what differs from what was shown is sent, so that what others
 * changed meanwhile stays; and a save that fails keeps what was typed.
 */
export default function EditUserDialog({
  actor,
  user: opened,
  onClose,
}: {
  actor: StaffActor
  user: UserView
  onClose: () => void
}) {
  const queries = useQueryClient()
  const once = useOnce()
  const isHere = useIsHere()
  // As it was when the dialog opened: the page behind it goes on being kept up to date.
  const [user] = useState(opened)
  const [edited, setEdited] = useState<Edited>(() => ({
    first_name: user.first_name,
    last_name: user.last_name,
    email: user.email,
    role: user.role,
    status: user.status,
  }))
  const [password, setPassword] = useState('')
  const [isTried, setIsTried] = useState(false)
  const [refused, setRefused] = useState<Faults>({})
  const [isBusy, setIsBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)

  const changes = Object.fromEntries(
    Object.entries(edited).filter(([name, value]) => value !== user[name as keyof Edited]),
  )
  const movesAddress = sameAddressKey(edited.email.trim()) !== sameAddressKey(user.email)
  const movesOwn = movesAddress && actor.id === user.id
  const request = movesOwn ? { ...changes, current_password: password } : changes
  const checked = editUserRequest.safeParse(request, { error: plainWords })
  const faults: Faults = {
    ...(checked.success ? {} : faultsByField(checked.error)),
    ...(movesOwn && password === '' && { current_password: presentPasswordNeeded }),
  }

  const save = async () => {
    if (Object.keys(changes).length === 0) return onClose()
    setIsTried(true)
    if (!checked.success || Object.keys(faults).length > 0) {
      return setProblem({ title: notSaved, why: pleaseCheck(labels, faults) })
    }
    setProblem(null)
    setIsBusy(true)
    try {
      const answer = await once<{ message: string }>(`/api/users/${user.id}`, { method: 'PATCH', body: checked.data })
      toast(answer.message)
      onClose()
      void queries.invalidateQueries()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setRefused(error.fields)
      const failure = error.status === 0 ? unknown : { title: notSaved, why: error.message }
      setProblem(failure)
      if (!isHere.current) toast(`${failure.title} ${failure.why}`, { failed: true })
    } finally {
      setIsBusy(false)
    }
  }

  const change = (part: Partial<Edited>) => {
    setEdited({ ...edited, ...part })
    setRefused(Object.fromEntries(Object.entries(refused).filter(([name]) => !(name in part))))
    setProblem(null)
  }
  const field = (name: TextName) => ({
    name,
    label: labels[name],
    value: edited[name],
    fault: refused[name] ?? (isTried ? faults[name] : undefined),
    readOnly: isBusy,
    autoComplete: 'off',
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => change({ [name]: event.target.value }),
  })

  return (
    <Dialog onClose={onClose} isLocked={isBusy}>
      <DialogBody
        title={`Edit ${nameOf(user)}`}
        onClose={onClose}
        onSubmit={() => void save()}
        isLocked={isBusy}
        actions={
          <>
            <Button onClick={onClose} disabled={isBusy}>
              Cancel
            </Button>
            <BusyButton type="submit" variant="contained" isBusy={isBusy} busyWord="Saving">
              Save
            </BusyButton>
          </>
        }
      >
        <div className={styles.body}>
          <FormProblem problem={problem} />
          <div className={styles.names}>
            <TextField {...field('first_name')} />
            <TextField {...field('last_name')} />
          </div>
          <TextField
            {...field('email')}
            type="email"
            inputProps={{ autoCapitalize: 'none', spellCheck: false }}
            help={
              movesAddress ? (
                <>
                  Mail to them that still waits is cancelled. Links and a first password that were mailed to the old
                  address end. The old address is told.{' '}
                  <DidYouMean address={edited.email} onTake={(email) => change({ email })} />
                </>
              ) : undefined
            }
          />
          {movesOwn ? (
            <PasswordField
              name="current_password"
              label={labels.current_password}
              autoComplete="current-password"
              value={password}
              fault={refused.current_password ?? (isTried ? faults.current_password : undefined)}
              help="You change the address of your own account."
              readOnly={isBusy}
              onChange={(event) => {
                setPassword(event.target.value)
                setRefused({ ...refused, current_password: undefined })
                setProblem(null)
              }}
            />
          ) : null}
          <RoleChoice
            actor={actor}
            user={user}
            role={edited.role}
            isBusy={isBusy}
            onChange={(role) => change({ role })}
          />
          <StatusChoice
            actor={actor}
            user={user}
            status={edited.status}
            isBusy={isBusy}
            onChange={(status) => change({ status })}
          />
        </div>
      </DialogBody>
    </Dialog>
  )
}

type ChoiceProps = { actor: StaffActor; user: UserView; isBusy: boolean }

function RoleChoice({
  actor,
  user,
  role,
  isBusy,
  onChange,
}: ChoiceProps & { role: Edited['role']; onChange: (role: Edited['role']) => void }) {
  const refusal = whyNot(actor, 'user.change_role', user)
  if (refusal !== null) return <Fixed name="Role" value={roleLabel(user.role)} why={refusal} />
  return (
    <RadioGroup legend="Role" isBoxed>
      {createableRoles(actor).map((one) => (
        <Radio
          key={one}
          name="role"
          label={roleLabel(one)}
          meaning={one === user.role ? roleMeanings[one] : `${roleMeanings[one]} They have to sign in again.`}
          checked={role === one}
          onChange={() => onChange(one)}
          disabled={isBusy}
        />
      ))}
    </RadioGroup>
  )
}

function StatusChoice({
  actor,
  user,
  status,
  isBusy,
  onChange,
}: ChoiceProps & { status: Edited['status']; onChange: (status: Edited['status']) => void }) {
  const refusal = whyNot(actor, 'user.disable', user)
  const shown = user.status === 'active' ? 'Active' : 'Disabled'
  if (refusal !== null) return <Fixed name="Account" value={shown} why={refusal} />
  return (
    <RadioGroup legend="Account" isBoxed>
      <Radio
        name="status"
        label="Active"
        meaning="May sign in."
        checked={status === 'active'}
        onChange={() => onChange('active')}
        disabled={isBusy}
      />
      <Radio
        name="status"
        label="Disabled"
        meaning="Is signed out everywhere and cannot sign in. Waiting invitations and links end for good."
        checked={status === 'disabled'}
        onChange={() => onChange('disabled')}
        disabled={isBusy}
      />
    </RadioGroup>
  )
}

/** What this actor may not change here, and why. */
function Fixed({ name, value, why }: { name: string; value: string; why: string }) {
  return (
    <div>
      <p className={styles.fixedName}>{name}</p>
      <p>{value}</p>
      <p className={styles.after}>{why}</p>
    </div>
  )
}
