'use client'

import Button from '@mui/material/Button'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ApiError } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import page from '@/app/_ui/reading-page.module.css'
import { toast } from '@/app/_ui/toast'
import type { MessageView } from '@/core/views'

type Action = 'release' | 'cancel'
const done: Record<Action, string> = { release: 'The mail is released.', cancel: 'The mail is cancelled.' }
const notDone: Record<Action, string> = { release: 'It was not released.', cancel: 'It was not cancelled.' }

/** What staff can do with a mail that is held: let it go, or not. */
export function HeldMail({ message, mayRelease }: { message: MessageView; mayRelease: boolean }) {
  const queries = useQueryClient()
  const [busy, setBusy] = useState<Action | null>(null)
  if (message.status !== 'queued' || message.delivery !== 'held') return null

  const act = async (action: Action) => {
    setBusy(action)
    try {
      await api(`/api/messages/${message.id}/${action}`, { method: 'POST' })
      toast(done[action])
      await queries.invalidateQueries()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      toast(`${notDone[action]} ${error.message}`, { failed: true })
    } finally {
      setBusy(null)
    }
  }

  return (
    <div className={page.actions}>
      {mayRelease ? (
        <BusyButton
          variant="contained"
          isBusy={busy === 'release'}
          busyWord="Releasing"
          disabled={busy === 'cancel'}
          onClick={() => void act('release')}
        >
          Release it
        </BusyButton>
      ) : null}
      <Button disabled={busy !== null} onClick={() => void act('cancel')}>
        Cancel it
      </Button>
    </div>
  )
}
