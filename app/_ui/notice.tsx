import Alert, { type AlertProps } from '@mui/material/Alert'
import { CircleAlert, TriangleAlert } from 'lucide-react'
import type { ReactNode, Ref } from 'react'
import styles from './notice.module.css'

const icons = { error: <CircleAlert size={16} />, warning: <TriangleAlert size={16} /> }

/** What did not happen, or must be known; then why, and what is kept. */
export function Notice(props: {
  severity: 'error' | 'warning'
  title: string
  children?: ReactNode
  action?: ReactNode
  ref?: Ref<HTMLDivElement>
}) {
  const { severity, title, children, action, ref } = props
  const focusable: Partial<AlertProps> = ref ? { ref, tabIndex: -1 } : {}
  return (
    <Alert severity={severity} icon={icons[severity]} action={action} {...focusable}>
      <b className={styles.title}>{title}</b>
      {children}
    </Alert>
  )
}
