import { useState } from 'react'
import { ApiError } from './api'

/** One call at a time: busy while it is on its way, and how it was refused, until it is made again or forgotten. */
export function useCall() {
  const [isBusy, setIsBusy] = useState(false)
  const [refused, setRefused] = useState<ApiError | null>(null)
  const call = async (work: () => Promise<void>) => {
    setIsBusy(true)
    setRefused(null)
    try {
      await work()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setRefused(error)
    } finally {
      setIsBusy(false)
    }
  }
  return { call, isBusy, refused, forget: () => setRefused(null) }
}
