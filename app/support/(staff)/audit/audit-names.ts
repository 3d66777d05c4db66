import { auditActorWord } from '@/core/audit-words'
import type { AuditEntryView } from '@/core/views'

export const whoOf = (entry: AuditEntryView): string => entry.actor_name ?? auditActorWord(entry.actor)

/** The name, where it has one; of an address the address itself; else its id, of a message in short. */
export function whomOf({ target, target_name: name, before, after }: AuditEntryView): string {
  if (name !== null) return name
  if (target.startsWith('address:')) return target.slice('address:'.length)
  const email = before?.['email'] ?? after?.['email']
  if (typeof email === 'string') return email
  return target.startsWith('message:') ? `a message, ${shortId(target.slice('message:'.length))}` : target
}

/** Enough of it to tell two rows apart: the beginning is the time, and alike for all of a while. */
const shortId = (id: string): string => (id.length > 8 ? `${id.slice(0, 4)}…${id.slice(-4)}` : id)

/** Where more is to be read about an actor or a target; null where there is no page of it. */
export function pageOf(id: string): string | null {
  const [kind, number] = id.split(':')
  if (kind === 'user') return `/support/users/${number}`
  return kind === 'message' ? `/support/messages/${number}` : null
}
