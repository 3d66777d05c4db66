import type { DeliveryMode } from '@/core/delivery-mode'
import type { KeyView } from '@/core/views'
import type { Scope } from '@/core/permissions'
import { roleLabel } from '@/core/roles'

export const kindWords: Record<DeliveryMode, { label: string; meaning: string }> = {
  live: { label: 'Live', meaning: 'Its mail goes to everybody.' },
  guest_list: { label: 'Guest list only', meaning: 'Mail to anybody else is held until staff release it.' },
  test: { label: 'Test', meaning: 'Its mail is stored and pretended, never sent.' },
}

export const scopeMeanings: Record<Scope, string> = {
  'users:read': 'See accounts',
  'users:write': 'Create, change and delete accounts',
  'messages:send': 'Ask for mail',
  'messages:read': 'See what became of mail',
  'messages:manage': 'Cancel, retry and resend mail, and edit the suppression list',
}

export const stateWords: Record<KeyView['state'], string> = { active: 'Active', expired: 'Expired', revoked: 'Revoked' }

/** What it may do, and to whose accounts. */
export const reachOf = (key: KeyView): string =>
  `${key.scopes.join(', ')}; reaches accounts as far as ${roleLabel(key.role)}`

/** Where it works, how often, and to whom it writes: the limits of a key in one line. */
export function limitsOf(key: KeyView): string {
  const places = key.allowed_addresses.length === 0 ? 'From anywhere' : `From ${key.allowed_addresses.join(', ')}`
  const pace = key.requests_per_minute === 0 ? 'no limit of requests' : `${key.requests_per_minute} requests a minute`
  const guests = key.kind === 'guest_list' ? `; guests: ${key.guest_list.join(', ') || 'nobody'}` : ''
  return `${places}; ${pace}${guests}`
}
