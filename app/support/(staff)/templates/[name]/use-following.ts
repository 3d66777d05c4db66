import { useEffect, useState } from 'react'
import { api, ApiError } from '@/app/_ui/api'
import type { Sample } from './sample-form'

const pauseMs = 300

type Shown = { data: Sample; subject: string }

/**
 * What the preview shows: the last typed data that the server takes, a moment after the last key. What it refuses is told, and
 * the preview stays as it was.
 */
export function useFollowing(name: string, first: Shown, typed: Sample) {
  const [shown, setShown] = useState(first)
  const [refused, setRefused] = useState<ApiError | null>(null)
  const text = JSON.stringify(typed)
  const isShown = JSON.stringify(shown.data) === text
  useEffect(() => {
    if (isShown) return undefined
    const asking = new AbortController()
    const ask = async () => {
      const query = new URLSearchParams({ data: text })
      try {
        const { subject } = await api<{ subject: string }>(`/api/templates/${name}/subject?${query}`, {
          signal: asking.signal,
        })
        setShown({ data: JSON.parse(text) as Sample, subject })
        setRefused(null)
      } catch (error) {
        if (asking.signal.aborted) return
        if (!(error instanceof ApiError)) throw error
        setRefused(error)
      }
    }
    const timer = setTimeout(() => void ask(), pauseMs)
    return () => {
      clearTimeout(timer)
      asking.abort()
    }
  }, [name, text, isShown])
  // What was taken back to what is shown is not wrong any more.
  return { shown, refused: isShown ? null : refused }
}
