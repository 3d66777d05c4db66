'use client'

import type { Ref } from 'react'
import { AsideButton } from './aside-button'
import { TextField } from './text-field'

export type CodeKind = 'app' | 'recovery'

const words = {
  app: { label: 'Code', help: 'Six digits, from your authenticator app.', other: 'Use a recovery code' },
  recovery: {
    label: 'Recovery code',
    help: 'One of the ten that you were shown. It works once.',
    other: 'Use the app',
  },
} as const

/** The code of a second factor, or a recovery code instead. */
export function CodeField(props: {
  kind: CodeKind
  onKind: (kind: CodeKind) => void
  value: string
  onValue: (value: string) => void
  inputRef?: Ref<HTMLInputElement>
  fault?: string
}) {
  const { kind, onKind, value, onValue, inputRef, fault } = props
  const { label, help, other } = words[kind]
  return (
    <TextField
      label={label}
      help={help}
      fault={fault}
      name="code"
      autoComplete="one-time-code"
      inputRef={inputRef}
      value={value}
      onChange={(event) => onValue(event.target.value)}
      inputProps={{
        inputMode: kind === 'app' ? 'numeric' : 'text',
        maxLength: 40,
        autoCapitalize: 'none',
        spellCheck: false,
        className: 'mono',
      }}
      aside={
        <AsideButton
          onClick={() => {
            onValue('')
            onKind(kind === 'app' ? 'recovery' : 'app')
          }}
        >
          {other}
        </AsideButton>
      }
    />
  )
}
