'use client'

import MuiDialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import IconButton from '@mui/material/IconButton'
import { X } from 'lucide-react'
import { createContext, useCallback, useContext, useEffect, useRef, type ReactNode, type SubmitEvent } from 'react'
import { LiveRegion } from './announce'
import styles from './dialog.module.css'
import { SessionEnded } from './session-ended'

/** Only ever one dialog is open. */
export const dialogTitleId = 'dialog-title'

/** Told by the form that is open: whether something was typed or chosen in it. */
const NoteTyped = createContext((_isTyped: boolean): void => {})

/**
 * The one dialog: traps the focus and gives it back; whole screen on a phone. It shows a `DialogBody`. `isAtTop`: its height
 * changes while it is open, and its head stays where it is. A click beside it closes it only while
 * nothing was typed: one that missed would take it all away.
 */
export function Dialog(props: { onClose: () => void; isLocked?: boolean; isAtTop?: boolean; children: ReactNode }) {
  const isTyped = useRef(false)
  const noteTyped = useCallback((now: boolean) => {
    isTyped.current = now
  }, [])
  return (
    <MuiDialog
      open
      onClose={(_, reason) => {
        if (!props.isLocked && !(reason === 'backdropClick' && isTyped.current)) props.onClose()
      }}
      aria-labelledby={dialogTitleId}
      maxWidth={false}
      slotProps={{ paper: { className: props.isAtTop ? styles.atTop : undefined } }}
      transitionDuration={{ enter: 180, exit: 120 }}
    >
      <SessionEnded />
      <NoteTyped value={noteTyped}>{props.children}</NoteTyped>
      <LiveRegion />
    </MuiDialog>
  )
}

/**
 * Title, content, and actions at the foot. With `onSubmit` it is a form; `isLocked` while that is on its way, so that
 * nothing is lost or sent twice. The first field gets the focus, or else the content itself.
 */
export function DialogBody(props: {
  title: string
  onClose: () => void
  children: ReactNode
  actions: ReactNode
  onSubmit?: () => void
  isLocked?: boolean
}) {
  const { title, onClose, children, actions, onSubmit, isLocked = false } = props
  const content = useRef<HTMLDivElement>(null)
  const noteTyped = useContext(NoteTyped)
  useEffect(() => (content.current?.querySelector('input') ?? content.current)?.focus(), [])
  useEffect(() => () => noteTyped(false), [noteTyped])

  const parts = (
    <>
      <div className={styles.head}>
        <DialogTitle id={dialogTitleId}>{title}</DialogTitle>
        <IconButton aria-label="Close this dialog" title="Close" disabled={isLocked} onClick={onClose}>
          <X size={16} />
        </IconButton>
      </div>
      <DialogContent ref={content} tabIndex={-1} className={styles.content}>
        {children}
      </DialogContent>
      <DialogActions disableSpacing className={styles.actions}>
        {actions}
      </DialogActions>
    </>
  )
  if (!onSubmit) return parts
  return (
    <form
      noValidate
      className={styles.form}
      onChange={() => noteTyped(true)}
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault()
        if (!isLocked) onSubmit()
      }}
    >
      {parts}
    </form>
  )
}
