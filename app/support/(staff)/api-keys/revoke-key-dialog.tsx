'use client'

import Button from '@mui/material/Button'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ApiError } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { Dialog, DialogBody } from '@/app/_ui/dialog'
import { Notice } from '@/app/_ui/notice'
import { TextField } from '@/app/_ui/text-field'
import { Time } from '@/app/_ui/time'
import { toast } from '@/app/_ui/toast'
import type { KeyView } from '@/core/views'
import dialog from '../users/dialog-body.module.css'

/** Asks for the name to be typed: a key that is revoked does not come back, and a service may stand still without it. */
export function RevokeKeyDialog({ shown, onClose }: { shown: KeyView; onClose: () => void }) {
  const queries = useQueryClient()
  const [typed, setTyped] = useState('')
  const [isBusy, setIsBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const isSure = typed.trim() === shown.name

  const revoke = async () => {
    if (!isSure) return
    setIsBusy(true)
    setProblem(null)
    try {
      await api(`/api/keys/${shown.id}/revoke`, { method: 'POST' })
      toast(`The key ${shown.name} is revoked.`)
      await queries.invalidateQueries()
      onClose()
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
        title={`Revoke ${shown.name}?`}
        onClose={onClose}
        onSubmit={() => void revoke()}
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
              busyWord="Revoking"
            >
              Revoke key
            </BusyButton>
          </>
        }
      >
        <div className={dialog.body}>
          {problem ? (
            <Notice severity="error" title="The key was not revoked.">
              {problem}
            </Notice>
          ) : null}
          <p>
            The very next request with <span className="mono">{shown.prefix}…</span> is refused, and it does not come
            back. Mail that it has asked for goes on.{' '}
            {shown.last_used_at ? (
              <>
                It was last used <Time at={shown.last_used_at} />.
              </>
            ) : (
              'It was never used.'
            )}{' '}
            Type the name <b className={dialog.address}>{shown.name}</b> to go on.
          </p>
          <TextField
            label="Its name"
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
