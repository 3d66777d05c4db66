'use client'

import Button from '@mui/material/Button'
import { useState, type ReactNode } from 'react'
import { notDone as outcome } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Dialog, DialogBody } from '@/app/_ui/dialog'
import { Notice } from '@/app/_ui/notice'
import { TextField } from '@/app/_ui/text-field'
import { useCall } from '@/app/_ui/use-call'
import styles from './users/dialog-body.module.css'

/** For what cannot be taken back: its name or address has to be typed. */
export function ConfirmByTyping(props: {
  title: string
  /** Of the field. */
  label: string
  /** What has to be typed, and what counts as that. */
  wanted: string
  isRight: (typed: string) => boolean
  act: () => Promise<void>
  button: string
  busyWord: string
  /** When it was refused. */
  notDone: string
  onClose: () => void
  children: ReactNode
}) {
  const { title, label, wanted, isRight, act, button, busyWord, notDone, onClose, children } = props
  const [typed, setTyped] = useState('')
  const [isTried, setIsTried] = useState(false)
  const { call, isBusy, refused } = useCall()
  const problem = refused === null ? null : outcome(refused, notDone)
  const isSure = isRight(typed.trim())

  return (
    <Dialog onClose={onClose} isLocked={isBusy}>
      <DialogBody
        title={title}
        onClose={onClose}
        onSubmit={() => {
          if (isSure) void call(act)
        }}
        isLocked={isBusy}
        actions={
          <>
            <Button onClick={onClose} disabled={isBusy}>
              Keep
            </Button>
            <BusyButton
              type="submit"
              variant="contained"
              color="error"
              disabled={!isSure}
              isBusy={isBusy}
              busyWord={busyWord}
            >
              {button}
            </BusyButton>
          </>
        }
      >
        <div className={styles.body}>
          {problem ? (
            <Notice severity="error" title={problem.title}>
              {problem.why}
            </Notice>
          ) : null}
          {children}
          <TextField
            label={label}
            autoComplete="off"
            value={typed}
            fault={isTried && !isSure ? `This is not it. Type ${wanted} to go on.` : undefined}
            // The button cannot be pressed yet, and so this key would do nothing, without a word.
            onKeyDown={(event) => event.key === 'Enter' && setIsTried(true)}
            onChange={(event) => setTyped(event.target.value)}
            inputProps={{ autoCapitalize: 'none', spellCheck: false }}
          />
        </div>
      </DialogBody>
    </Dialog>
  )
}
