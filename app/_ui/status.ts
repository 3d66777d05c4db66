import type { Status } from '@/core/message'
import type { Tone } from './tokens'

/** A status as people see it: one more than is stored, for mail of which nobody can know. */
export type ShownStatus = Status | 'may_have_been_delivered'

type Flagged = { status: Status; may_have_been_delivered: boolean }

/** Being sent, or accepted: both are known. Else the doubt is what matters. */
export const shownStatus = ({ status, may_have_been_delivered: doubt }: Flagged): ShownStatus =>
  doubt && status !== 'sent' && status !== 'sending' ? 'may_have_been_delivered' : status

export const statusWords: Record<ShownStatus, { word: string; tone: Tone }> = {
  queued: { word: 'Queued', tone: 'calm' },
  sending: { word: 'Sending', tone: 'now' },
  retrying: { word: 'Retrying', tone: 'wait' },
  sent: { word: 'Sent', tone: 'good' },
  may_have_been_delivered: { word: 'May have been delivered', tone: 'unsure' },
  dead: { word: 'Dead', tone: 'stop' },
  cancelled: { word: 'Cancelled', tone: 'calm' },
  suppressed: { word: 'Suppressed', tone: 'calm' },
}

/** What needs nobody has no ground in tables: a page where all is well is almost monochrome. */
export const isQuiet = (status: ShownStatus): boolean => ['queued', 'sending', 'sent', 'cancelled'].includes(status)
