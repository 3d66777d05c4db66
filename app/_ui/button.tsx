'use client'

import Button, { type ButtonProps } from '@mui/material/Button'
import { LoaderCircle } from 'lucide-react'
import styles from './button.module.css'

type Props = ButtonProps & { isBusy: boolean; busyWord: string }

/** A button that says in one word that it is at work, keeps its width then, and cannot be pressed twice. */
export function BusyButton({ isBusy, busyWord, onClick, children, ...button }: Props) {
  return (
    <Button
      {...button}
      className={styles.button}
      aria-disabled={isBusy}
      aria-busy={isBusy}
      onClick={isBusy ? (event) => event.preventDefault() : onClick}
    >
      <span className={isBusy ? styles.hidden : undefined}>{children}</span>
      <span className={isBusy ? styles.work : `${styles.work} ${styles.hidden}`}>
        <LoaderCircle size={16} className={styles.turning} aria-hidden />
        {busyWord}
      </span>
    </Button>
  )
}
