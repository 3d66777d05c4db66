'use client'

import MuiDialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import IconButton from '@mui/material/IconButton'
import { X } from 'lucide-react'
import { useId, type ReactNode, type SubmitEvent } from 'react'
import styles from './dialog.module.css'

/**
 * The one dialog: traps the focus and gives it back, whole screen on a phone, actions at its foot. With `onSubmit` it is a
 * form; `isLocked` while that is on its way, so that nothing is lost or sent twice.
 */
export function Dialog(props: {
  title: string
  onClose: () => void
  children: ReactNode
  actions: ReactNode
  onSubmit?: () => void
  isLocked?: boolean
}) {
  const { title, onClose, children, actions, onSubmit, isLocked = false } = props
  const titleId = useId()
  const close = () => {
    if (!isLocked) onClose()
  }
  const content = (
    <>
      <div className={styles.head}>
        <DialogTitle id={titleId}>{title}</DialogTitle>
        <IconButton aria-label="Close this dialog" title="Close" disabled={isLocked} onClick={close}>
          <X size={16} />
        </IconButton>
      </div>
      <DialogContent className={styles.content}>{children}</DialogContent>
      <DialogActions disableSpacing className={styles.actions}>
        {actions}
      </DialogActions>
    </>
  )
  return (
    <MuiDialog
      open
      onClose={close}
      aria-labelledby={titleId}
      maxWidth={false}
      transitionDuration={{ enter: 180, exit: 120 }}
    >
      {onSubmit ? (
        <form
          noValidate
          className={styles.form}
          onSubmit={(event: SubmitEvent) => {
            event.preventDefault()
            if (!isLocked) onSubmit()
          }}
        >
          {content}
        </form>
      ) : (
        content
      )}
    </MuiDialog>
  )
}
