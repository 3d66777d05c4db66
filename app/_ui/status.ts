import type { Delivery } from '@/core/delivery-mode'
import type { Status } from '@/core/message'
import type { Tone } from './tokens'

/** A status as people see it: three more than are stored, for mail of which nobody can know, that is held, or was pretended. */
export type ShownStatus = Status | 'may_have_been_delivered' | 'held' | 'pretended'

type Shown = { status: Status; may_have_been_delivered: boolean; delivery: Delivery }

export function shownStatus({ status, may_have_been_delivered: doubt, delivery }: Shown): ShownStatus {
  // Being sent, or accepted: both are known. Else the doubt is what matters.
  if (doubt && status !== 'sent' && status !== 'sending') return 'may_have_been_delivered'
  if (status === 'queued' && delivery === 'held') return 'held'
  if (status === 'sent' && delivery === 'pretend') return doubt ? 'may_have_been_delivered' : 'pretended'
  return status
}

export const statusWords: Record<ShownStatus, { word: string; tone: Tone }> = {
  queued: { word: 'Queued', tone: 'calm' },
  sending: { word: 'Sending', tone: 'now' },
  retrying: { word: 'Retrying', tone: 'wait' },
  sent: { word: 'Sent', tone: 'good' },
  held: { word: 'Held', tone: 'wait' },
  pretended: { word: 'Pretended', tone: 'calm' },
  may_have_been_delivered: { word: 'May have been delivered', tone: 'unsure' },
  dead: { word: 'Dead', tone: 'stop' },
  cancelled: { word: 'Cancelled', tone: 'calm' },
  suppressed: { word: 'Suppressed', tone: 'calm' },
}

/** What needs nobody has no ground in tables: a page where all is well is almost monochrome. */
export const isQuiet = (status: ShownStatus): boolean =>
  ['queued', 'sending', 'sent', 'pretended', 'cancelled'].includes(status)
