'use client'

import { zodResolver } from '@hookform/resolvers/zod'
import Button from '@mui/material/Button'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useForm, useWatch, type FieldErrors } from 'react-hook-form'
import type { z } from 'zod'
import { api, ApiError } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Dialog } from '@/app/_ui/dialog'
import { Notice } from '@/app/_ui/notice'
import { Radio, RadioGroup } from '@/app/_ui/radio'
import { PasswordField, TextField } from '@/app/_ui/text-field'
import { createableRoles, type StaffActor } from '@/core/permissions'
import { createUserRequest, plainWords, type CreateUserRequest } from '@/core/requests'
import { roleLabel, type Role } from '@/core/roles'
import type { CreatedUser } from '@/server/create-user'
import styles from '../dialog-body.module.css'
import { generatePassword } from './generate-password'

const meanings: Record<Role, string> = {
  user: 'Shops at the store. Cannot sign in here.',
  supporter: 'Answers customers and creates users.',
  admin: 'Creates users and support agents, and deletes them.',
  super_admin: 'May do everything, and creates every role.',
}

const labels = {
  first_name: 'First name',
  last_name: 'Last name',
  email: 'Address',
  role: 'Role',
  password: 'First password',
}
type Field = keyof typeof labels
const isField = (name: string): name is Field => Object.hasOwn(labels, name)

type Values = z.input<typeof createUserRequest>

export function CreateUserForm(props: {
  actor: StaffActor
  onCreated: (user: CreatedUser) => void
  onClose: () => void
}) {
  const { actor, onCreated, onClose } = props
  const queries = useQueryClient()
  const [hasPassword, setHasPassword] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const summary = useRef<HTMLDivElement>(null)
  const { control, register, handleSubmit, setError, setFocus, setValue, formState } = useForm<
    Values,
    unknown,
    CreateUserRequest
  >({
    mode: 'onTouched',
    shouldFocusError: false,
    defaultValues: { first_name: '', last_name: '', email: '', role: 'user' },
    resolver: zodResolver(createUserRequest, { error: plainWords }),
  })
  const { errors, isSubmitting } = formState
  const password = useWatch({ control, name: 'password' })

  useEffect(() => setFocus('first_name'), [setFocus])

  useEffect(() => {
    if (problem !== null) summary.current?.focus()
  }, [problem])

  const create = async (request: CreateUserRequest) => {
    setProblem(null)
    try {
      onCreated(await api<CreatedUser>('/api/users', { method: 'POST', body: request }))
      void queries.invalidateQueries()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      for (const [name, message] of Object.entries(error.fields)) if (isField(name)) setError(name, { message })
      setProblem(error.message)
    }
  }
  const sayWhatToCorrect = (faults: FieldErrors<Values>) => {
    const fields = Object.keys(faults).filter(isField)
    setProblem(`Please check ${fields.map((field) => labels[field]).join(', ')}.`)
  }
  const submit = () => {
    setProblem(null)
    void handleSubmit(create, sayWhatToCorrect)()
  }

  /** MUI wants the ref of the input under another name. */
  const field = (name: Exclude<Field, 'role'>) => {
    const { ref, ...rest } = register(name, { shouldUnregister: name === 'password' })
    return { ...rest, inputRef: ref, label: labels[name], fault: errors[name]?.message, readOnly: isSubmitting }
  }

  return (
    <Dialog
      title="Create user"
      onClose={onClose}
      onSubmit={submit}
      isLocked={isSubmitting}
      actions={
        <>
          <span className={styles.first}>A welcome mail is queued in the same step.</span>
          <Button onClick={onClose} disabled={isSubmitting}>
            Cancel
          </Button>
          <BusyButton type="submit" variant="contained" isBusy={isSubmitting}>
            Create user
          </BusyButton>
        </>
      }
    >
      <div className={styles.body}>
        {problem === null ? null : (
          <Notice severity="error" title="The user was not created." ref={summary}>
            {problem} What you typed is kept.
          </Notice>
        )}
        <div className={styles.names}>
          <TextField {...field('first_name')} autoComplete="off" />
          <TextField {...field('last_name')} autoComplete="off" />
        </div>
        <TextField
          {...field('email')}
          type="email"
          autoComplete="off"
          inputProps={{ autoCapitalize: 'none', spellCheck: false }}
        />
        <RadioGroup legend="Role" isBoxed>
          {createableRoles(actor).map((role) => (
            <Radio
              key={role}
              {...register('role')}
              value={role}
              label={roleLabel(role)}
              meaning={meanings[role]}
              disabled={isSubmitting}
            />
          ))}
        </RadioGroup>
        <RadioGroup legend="First sign-in">
          <Radio
            name="first-sign-in"
            label="Mail a one-time link"
            checked={!hasPassword}
            onChange={() => setHasPassword(false)}
          />
          <Radio
            name="first-sign-in"
            label="Set a first password"
            checked={hasPassword}
            onChange={() => setHasPassword(true)}
          />
        </RadioGroup>
        {hasPassword ? (
          <PasswordField
            {...field('password')}
            autoComplete="new-password"
            help="The welcome mail carries it. They must change it when they first sign in."
            // What the generator writes has to be told to MUI; what people type is the form's alone.
            value={password ?? ''}
            aside={
              <button
                type="button"
                className={styles.generate}
                onClick={() =>
                  setValue(
                    'password',
                    generatePassword((count) => crypto.getRandomValues(new Uint8Array(count))),
                    { shouldValidate: true, shouldTouch: true },
                  )
                }
              >
                Generate
              </button>
            }
          />
        ) : null}
      </div>
    </Dialog>
  )
}
