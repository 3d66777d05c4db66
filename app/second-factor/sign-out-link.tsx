'use client'

import { signOut } from '@/app/_ui/auth'
import { toast } from '@/app/_ui/toast'
import styles from './second-factor.module.css'

/** The way out, for who has no phone at hand. */
export function SignOutLink() {
  return (
    <button
      type="button"
      className={styles.link}
      onClick={() => {
        signOut().catch(() => toast('You are still signed in: the server could not be reached.', { failed: true }))
      }}
    >
      Sign out
    </button>
  )
}
