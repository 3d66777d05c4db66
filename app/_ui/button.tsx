'use client'

import Button, { type ButtonProps } from '@mui/material/Button'
import { LoaderCircle } from 'lucide-react'
import styles from './button.module.css'

/** A button that says that it is at work, keeps its width then, and cannot be pressed twice. */
export function BusyButton({ isBusy, onClick, children, ...button }: ButtonProps & { isBusy: boolean }) {
  return (
    <Button
      {...button}
      className={styles.busy}
      aria-disabled={isBusy}
      aria-busy={isBusy}
      onClick={isBusy ? (event) => event.preventDefault() : onClick}
    >
      <span className={isBusy ? styles.hidden : undefined}>{children}</span>
      {isBusy ? <LoaderCircle size={16} className={styles.turning} aria-hidden /> : null}
    </Button>
  )
}
