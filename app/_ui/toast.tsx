'use client'

import IconButton from '@mui/material/IconButton'
import { Check, CircleAlert, X } from 'lucide-react'
import Link from 'next/link'
import { useEffect, useSyncExternalStore } from 'react'
import { announce } from './announce'
import styles from './toast.module.css'

type ToastLink = { href: string; label: string }
type Toast = { sentence: string; failed: boolean; link?: ToastLink }

let shown: Toast | null = null
const listeners = new Set<() => void>()
const shownForMs = 8000

function show(toast: Toast | null) {
  shown = toast
  for (const listener of listeners) listener()
}

/** Says for eight seconds what was done, or with `failed` what was not; `link`: where more of it is to be seen. */
export function toast(sentence: string, { failed = false, link }: Partial<Omit<Toast, 'sentence'>> = {}): void {
  show({ sentence, failed, link })
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
      {current.link ? (
        <Link href={current.link.href} className="link" onClick={() => show(null)}>
          {current.link.label}
        </Link>
      ) : null}
      <IconButton aria-label="Dismiss" onClick={() => show(null)}>
        <X size={16} />
      </IconButton>
    </section>
  )
}
