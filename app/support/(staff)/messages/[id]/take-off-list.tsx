'use client'

import { useQueryClient } from '@tanstack/react-query'
import { api } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import { toast } from '@/app/_ui/toast'
import { useCall } from '@/app/_ui/use-call'
import styles from './message.module.css'

/** Lets mail go to this address again; what was not sent meanwhile is sent by whoever sends it again. */
export function TakeOffList({ address }: { address: string }) {
  const queries = useQueryClient()
  const { call, isBusy, refused } = useCall()
  const takeOff = async () => {
    await api(`/api/suppressions/${encodeURIComponent(address)}`, { method: 'DELETE' })
    toast(`${address} gets mail again. This one can be sent again now.`)
    await queries.invalidateQueries()
  }
  return (
    <div className={styles.takeOff}>
      <BusyButton isBusy={isBusy} busyWord="Taking it off" onClick={() => void call(takeOff)}>
        Take it off the suppression list
      </BusyButton>
      {refused ? <p role="alert">It was not taken off. {refused.message}</p> : null}
    </div>
  )
}
