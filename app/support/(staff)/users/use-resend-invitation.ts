'use client'

import { useQueryClient } from '@tanstack/react-query'
import { ApiError, notDone } from '@/app/_ui/api'
import { toast } from '@/app/_ui/toast'
import { useOnce } from '@/app/_ui/use-once'
import { nameOf } from './name-of'
import type { UserView } from '@/core/views'
import { useState } from 'react'

/** Sends the invitation again, with a new link, and says what came of it. */
export function useResendInvitation(): { resend: (user: UserView) => Promise<void>; isBusy: boolean } {
  const queries = useQueryClient()
  const once = useOnce()
  const [isBusy, setIsBusy] = useState(false)
  const resend = async (user: UserView) => {
    setIsBusy(true)
    try {
      await once(`/api/users/${user.id}/invitation`, { method: 'POST' })
      toast(`A new invitation to ${nameOf(user)} is queued. Links of the earlier ones no longer work.`)
      await queries.invalidateQueries()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const { title, why } = notDone(error, 'The invitation was not sent again.')
      toast(`${title} ${why}`, { failed: true })
    } finally {
      setIsBusy(false)
    }
  }
  return { resend, isBusy }
}
