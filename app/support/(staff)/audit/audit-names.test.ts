import { expect, test } from 'vitest'
import type { AuditEntryView } from '@/core/views'
import { whomOf } from './audit-names'

const entry = (given: Partial<AuditEntryView>): AuditEntryView => ({
  id: 1,
  at: '2026-11-28T12:00:00.000Z',
  actor: 'user:1',
  actor_name: 'Maya Example',
  action: 'message.queued',
  target: 'message:01a2b3c4-0000-7000-8000-00000000d07f',
  target_name: null,
  before: null,
  after: null,
  detail: {},
  address: null,
  request_id: 'request-1',
  ...given,
})

test.each([
  ['a name, where there is one', { target_name: 'ann@example.com: Hello' }, 'ann@example.com: Hello'],
  ['an address', { target: 'address:ann@example.com' }, 'ann@example.com'],
  ['whose account is gone', { target: 'user:7', before: { email: 'gone@example.com' } }, 'gone@example.com'],
  ['a message that is erased', {}, 'a message, 01a2…d07f'],
  ['all else', { target: 'unknown account' }, 'unknown account'],
])('whom: %s', (_, given, said) => {
  expect(whomOf(entry(given))).toBe(said)
})
