'use client'

import { useSyncExternalStore } from 'react'
import { announce } from './announce'
import { signInHere } from './api'
import { Notice } from './notice'
import styles from './session-ended.module.css'
import { isSomethingTyped } from './typed'

let isEnded = false
let isLeaving = false
const listeners = new Set<() => void>()

function note(now: boolean) {
  if (isEnded === now) return
  isEnded = now
  for (const listener of listeners) listener()
}

/**
 * The session has ended while the page was open: sign in again, and come back here. While somebody types, the page stays and says
 * so instead; it goes on asking, and leaves once nothing would be lost.
 */
export function leaveForSignIn(): void {
  // Several polls are refused at once: a second navigation would break off the first.
  if (isLeaving) return
  if (!isSomethingTyped(document)) {
    isLeaving = true
    window.location.assign(signInHere())
    return
  }
  if (!isEnded) announce('You are signed out. Sign in in a new tab, then go on here.')
  note(true)
}

/** An answer came: whoever was signed out has signed in again. */
export const noteSession = (): void => note(false)

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Stands on top of the page, and of the dialog that covers it. */
export function SessionEnded() {
  const isShown = useSyncExternalStore(
    subscribe,
    () => isEnded,
    () => false,
  )
  if (!isShown) return null
  return (
    <div className={styles.ended}>
      <Notice severity="warning" title="You are signed out.">
        <a href={signInHere()} target="_blank" rel="noreferrer" className="link">
          Sign in in a new tab
        </a>
        , then go on here.
      </Notice>
    </div>
  )
}
