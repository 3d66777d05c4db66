'use client'

import IconButton from '@mui/material/IconButton'
import { Check, CircleAlert, X } from 'lucide-react'
import { useEffect, useSyncExternalStore } from 'react'
import { announce } from './announce'
import styles from './toast.module.css'

type Toast = { sentence: string; failed: boolean }

let shown: Toast | null = null
const listeners = new Set<() => void>()
const shownForMs = 8000

function show(toast: Toast | null) {
  shown = toast
  for (const listener of listeners) listener()
}

/** Says for eight seconds what was done, or with `failed` what was not. */
export function toast(sentence: string, { failed = false } = {}): void {
  show({ sentence, failed })
  announce(sentence)
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Toasts() {
  const current = useSyncExternalStore(
    subscribe,
    () => shown,
    () => null,
  )
  useEffect(() => {
    if (!current) return undefined
    const timer = setTimeout(() => show(null), shownForMs)
    return () => clearTimeout(timer)
  }, [current])
  if (!current) return null
  return (
    <section aria-label="Notification" className={styles.toast}>
      {current.failed ? (
        <CircleAlert size={16} className={styles.failed} aria-hidden />
      ) : (
        <Check size={16} className={styles.done} aria-hidden />
      )}
      <span>{current.sentence}</span>
      <IconButton aria-label="Dismiss" onClick={() => show(null)}>
        <X size={16} />
      </IconButton>
    </section>
  )
}
