'use client'

import Button from '@mui/material/Button'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type ChangeEvent } from 'react'
import { ApiError } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { DialogBody } from '@/app/_ui/dialog'
import { loadable } from '@/app/_ui/loadable'
import { Radio, RadioGroup } from '@/app/_ui/radio'
import { TextField } from '@/app/_ui/text-field'
import { toast } from '@/app/_ui/toast'
import { useIsHere } from '@/app/_ui/use-is-here'
import { useOnce } from '@/app/_ui/use-once'
import { createableRoles, type StaffActor } from '@/core/permissions'
import { createUserRequest, faultsByField, plainWords } from '@/core/requests'
import { roleLabel, type Role } from '@/core/roles'
import type { CreatedUser } from '@/server/create-user'
import styles from '../dialog-body.module.css'
import { FormProblem, pleaseCheck, type Problem } from '../form-problem'
import { roleMeanings } from '../role-meanings'
import { AddressNote } from './address-note'

/** Loaded when it is chosen: most people are mailed a link. */
const FirstPassword = loadable(() => import('./first-password'))

const labels = { first_name: 'First name', last_name: 'Last name', email: 'Address', password: 'First password' }
type Field = keyof typeof labels
type Faults = Partial<Record<Field | 'role', string>>

const notCreated = 'The user was not created.'
/** The request may have arrived and only its answer been lost. */
const unknown = {
  title: 'It is not known whether the user was created.',
  why: 'The connection broke off. Press again: nobody is created twice.',
}

const empty: Record<Field, string> = { first_name: '', last_name: '', email: '', password: '' }

/** Checks a field when it is left, and from then on at each change; with the schema that the API checks with. */
export function CreateUserForm(props: {
  actor: StaffActor
  isBusy: boolean
  setIsBusy: (isBusy: boolean) => void
  onCreated: (user: CreatedUser) => void
  onClose: () => void
}) {
  const { actor, isBusy, setIsBusy, onCreated, onClose } = props
  const queries = useQueryClient()
  const once = useOnce()
  const isHere = useIsHere()
  const [typed, setTyped] = useState(empty)
  const [role, setRole] = useState<Role>('user')
  const [hasPassword, setHasPassword] = useState(false)
  const [left, setLeft] = useState<ReadonlySet<Field>>(new Set())
  const [refused, setRefused] = useState<Faults>({})
  const [problem, setProblem] = useState<Problem | null>(null)

  const { password, ...person } = typed
  const checked = createUserRequest.safeParse(
    { ...person, role, ...(hasPassword ? { password } : {}) },
    { error: plainWords },
  )
  const faults: Faults = checked.success ? {} : faultsByField(checked.error)

  const create = async () => {
    setLeft(new Set(Object.keys(labels) as Field[]))
    if (!checked.success) return setProblem({ title: notCreated, why: pleaseCheck(labels, faults) })
    setProblem(null)
    setIsBusy(true)
    try {
      const created = await once<CreatedUser>('/api/users', { method: 'POST', body: checked.data })
      if (isHere.current) onCreated(created)
      else toast(`${checked.data.first_name} ${checked.data.last_name} was created all the same.`)
      void queries.invalidateQueries()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setRefused(error.fields)
      const failure = error.status === 0 ? unknown : { title: notCreated, why: error.message }
      setProblem(failure)
      if (!isHere.current) toast(`${failure.title} ${failure.why}`, { failed: true })
    } finally {
      setIsBusy(false)
    }
  }

  const type = (name: Field, value: string) => {
    setTyped({ ...typed, [name]: value })
    setRefused({ ...refused, [name]: undefined })
    setProblem(null)
  }
  const field = (name: Field) => ({
    name,
    label: labels[name],
    value: typed[name],
    fault: refused[name] ?? (left.has(name) ? faults[name] : undefined),
    readOnly: isBusy,
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => type(name, event.target.value),
    onBlur: () => typed[name] !== '' && setLeft(new Set([...left, name])),
  })

  return (
    <DialogBody
      title="Create user"
      onClose={onClose}
      onSubmit={() => void create()}
      isLocked={isBusy}
      actions={
        <>
          <span className={styles.first}>A welcome mail is queued in the same step.</span>
          <Button onClick={onClose} disabled={isBusy}>
            Cancel
          </Button>
          <BusyButton type="submit" variant="contained" isBusy={isBusy} busyWord="Creating">
            Create user
          </BusyButton>
        </>
      }
    >
      <div className={styles.body}>
        <FormProblem problem={problem} />
        <div className={styles.names}>
          <TextField {...field('first_name')} autoComplete="off" />
          <TextField {...field('last_name')} autoComplete="off" />
        </div>
        <TextField
          {...field('email')}
          type="email"
          autoComplete="off"
          inputProps={{ autoCapitalize: 'none', spellCheck: false }}
          help={<AddressNote address={typed.email} onTake={(email) => type('email', email)} />}
        />
        <RadioGroup legend="Role" isBoxed>
          {createableRoles(actor).map((one) => (
            <Radio
              key={one}
              name="role"
              label={roleLabel(one)}
              meaning={roleMeanings[one]}
              checked={role === one}
              onChange={() => setRole(one)}
              disabled={isBusy}
            />
          ))}
        </RadioGroup>
        <RadioGroup legend="First sign-in">
          <Radio
            name="first-sign-in"
            label="Mail a one-time link"
            checked={!hasPassword}
            onChange={() => setHasPassword(false)}
            disabled={isBusy}
          />
          <Radio
            name="first-sign-in"
            label="Set a first password"
            checked={hasPassword}
            onChange={() => setHasPassword(true)}
            disabled={isBusy}
          />
        </RadioGroup>
        {hasPassword ? (
          <FirstPassword
            field={field('password')}
            person={{ firstName: typed.first_name, lastName: typed.last_name, email: typed.email }}
            isBusy={isBusy}
            onGenerated={(generated) => type('password', generated)}
            onClose={() => setHasPassword(false)}
          />
        ) : null}
      </div>
    </DialogBody>
  )
}
