'use client'

import Button from '@mui/material/Button'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ApiError } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Dialog, DialogBody } from '@/app/_ui/dialog'
import { Notice } from '@/app/_ui/notice'
import { TextField } from '@/app/_ui/text-field'
import { toast } from '@/app/_ui/toast'
import { sameAddressKey } from '@/core/address'
import type { UserView } from '@/core/views'
import styles from './dialog-body.module.css'
import { nameOf } from './name-of'

/** Asks for the address to be typed: deleting cannot be taken back. */
export function DeleteUserDialog(props: { user: UserView; onClose: () => void; onDeleted: () => void }) {
  const { user, onClose, onDeleted } = props
  const queries = useQueryClient()
  const [typed, setTyped] = useState('')
  const [isBusy, setIsBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const isSure = sameAddressKey(typed.trim()) === sameAddressKey(user.email)

  const remove = async () => {
    if (!isSure) return
    setIsBusy(true)
    setProblem(null)
    try {
      const path = `/api/users/${user.id}`
      await api(path, { method: 'DELETE' })
      toast(`${nameOf(user)} is deleted.`)
      onDeleted()
      // Asking for the person again, while their page is being left, would only find nobody.
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== path })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setProblem(error.message)
    } finally {
      setIsBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} isLocked={isBusy}>
      <DialogBody
        title={`Delete ${nameOf(user)}?`}
        onClose={onClose}
        onSubmit={() => void remove()}
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
              busyWord="Deleting"
            >
              Delete user
            </BusyButton>
          </>
        }
      >
        <div className={styles.body}>
          {problem ? (
            <Notice severity="error" title="The user was not deleted.">
              {problem}
            </Notice>
          ) : null}
          <p>
            The account is gone for good. Mail to them that still waits is cancelled; mail that was sent stays in the
            list, without a name. Type the address <b className={styles.address}>{user.email}</b> to go on.
          </p>
          <TextField
            label="Their address"
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            inputProps={{ autoCapitalize: 'none', spellCheck: false }}
          />
        </div>
      </DialogBody>
    </Dialog>
  )
}
