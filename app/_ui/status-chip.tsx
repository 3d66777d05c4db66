import {
  Ban,
  Check,
  CircleMinus,
  CirclePause,
  CircleQuestionMark,
  Clock3,
  FlaskConical,
  LoaderCircle,
  RotateCw,
  X,
} from 'lucide-react'
import type { ComponentType } from 'react'
import { isQuiet, statusWords, type ShownStatus } from './status'
import styles from './status-chip.module.css'

type Icon = ComponentType<{ size?: number; strokeWidth?: number; className?: string }>

const icons: Record<ShownStatus, Icon> = {
  queued: Clock3,
  sending: LoaderCircle,
  retrying: RotateCw,
  held: CirclePause,
  sent: Check,
  pretended: FlaskConical,
  may_have_been_delivered: CircleQuestionMark,
  dead: X,
  cancelled: CircleMinus,
  suppressed: Ban,
}

export function StatusIcon({ status, size }: { status: ShownStatus; size: number }) {
  const Icon = icons[status]
  return <Icon size={size} strokeWidth={2.4} className={status === 'sending' ? styles.turning : undefined} />
}

/** The one chip. `inTable`: what needs nobody is icon and word, without ground. */
export function StatusChip({ status, inTable = false }: { status: ShownStatus; inTable?: boolean }) {
  const { word, tone } = statusWords[status]
  return (
    <span
      key={status}
      className={styles.chip}
      data-tone={tone}
      data-ground={inTable && isQuiet(status) ? 'none' : 'soft'}
    >
      <StatusIcon status={status} size={13} />
      {status === 'may_have_been_delivered' ? (
        <>
          <span className={styles.long}>{word}</span>
          <span className={styles.short}>Maybe delivered</span>
        </>
      ) : (
        word
      )}
    </span>
  )
}

/** A plain label with an edge: a role, the state of an account. */
export function Label({ children }: { children: string }) {
  return <span className={styles.label}>{children}</span>
}
