'use client'

import Button from '@mui/material/Button'
import { Search, Unplug, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ApiError } from './api'
import styles from './list-state.module.css'
import { useFocusKept } from './use-focus-kept'

/** In the place of a list: what it means that there is nothing, or why it could not be read. */
export function ListState(props: { Icon: LucideIcon; title: string; children?: ReactNode; action?: ReactNode }) {
  const { Icon, title, children, action } = props
  return (
    <div className={styles.state}>
      <Icon size={18} aria-hidden />
      <h2>{title}</h2>
      {children ? <p>{children}</p> : null}
      {action}
    </div>
  )
}

/** The filters leave nothing over. */
export function NoneMatch({ title, onClear }: { title: string; onClear: () => void }) {
  const around = useFocusKept()
  return (
    <div {...around}>
      <ListState
        Icon={Search}
        title={title}
        action={
          <Button size="small" onClick={onClear}>
            Clear filters
          </Button>
        }
      >
        There may be some without the search and the filters.
      </ListState>
    </div>
  )
}

/** Says why, that no mail is harmed by it, and under which id the log knows it. */
export function CouldNotRead(props: { title: string; error: ApiError | null; onRetry: () => void }) {
  const { title, error, onRetry } = props
  const requestId = error?.requestId
  return (
    <div role="alert">
      <ListState
        Icon={Unplug}
        title={title}
        action={
          <Button size="small" onClick={onRetry}>
            Try again
          </Button>
        }
      >
        {error?.message} No mail is affected.
        {requestId ? <span className={styles.request}>request {requestId}</span> : null}
      </ListState>
    </div>
  )
}
