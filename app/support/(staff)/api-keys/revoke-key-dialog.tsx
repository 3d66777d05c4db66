'use client'

import { useQueryClient } from '@tanstack/react-query'
import { api } from '@/app/_ui/api'
import { Time } from '@/app/_ui/time'
import { toast } from '@/app/_ui/toast'
import type { KeyView } from '@/core/views'
import { ConfirmByTyping } from '../confirm-by-typing'
import dialog from '../users/dialog-body.module.css'

/** Asks for the name to be typed: a key that is revoked does not come back, and a service may stand still without it. */
export function RevokeKeyDialog({ shown, onClose }: { shown: KeyView; onClose: () => void }) {
  const queries = useQueryClient()
  const revoke = async () => {
    await api(`/api/keys/${shown.id}/revoke`, { method: 'POST' })
    toast(`The key ${shown.name} is revoked.`)
    await queries.invalidateQueries()
    onClose()
  }

  return (
    <ConfirmByTyping
      title={`Revoke ${shown.name}?`}
      label="Its name"
      wanted={shown.name}
      isRight={(typed) => typed === shown.name}
      act={revoke}
      button="Revoke key"
      busyWord="Revoking"
      notDone="The key was not revoked."
      onClose={onClose}
    >
      <p>
        The very next request with <span className="mono">{shown.prefix}…</span> is refused, and it does not come back.
        Mail that it has asked for goes on.{' '}
        {shown.last_used_at ? (
          <>
            It was last used <Time at={shown.last_used_at} />.
          </>
        ) : (
          'It was never used.'
        )}{' '}
        Type the name <b className={dialog.address}>{shown.name}</b> to go on.
      </p>
    </ConfirmByTyping>
  )
}
