import { expect, test } from 'vitest'
import type { KeyView } from '@/core/views'
import { limitsOf, reachOf } from './key-words'

const key: KeyView = {
  id: 1,
  name: 'shop',
  prefix: 'usk_abcdefgh',
  scopes: ['messages:send'],
  role: 'admin',
  kind: 'live',
  guest_list: [],
  allowed_addresses: [],
  requests_per_minute: 600,
  state: 'active',
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  created_by: 'Maya Example',
  created_at: '2026-11-24T12:31:30.000Z',
}

test.each<[Partial<KeyView>, string]>([
  [{}, 'From anywhere; 600 requests a minute'],
  [{ requests_per_minute: 0, allowed_addresses: ['192.0.2.0/24'] }, 'From 192.0.2.0/24; no limit of requests'],
  [{ kind: 'guest_list' }, 'From anywhere; 600 requests a minute; guests: nobody'],
  [
    { kind: 'guest_list', guest_list: ['a@b.com', '@c.com'] },
    'From anywhere; 600 requests a minute; guests: a@b.com, @c.com',
  ],
])('the limits of %j: %s', (more, sentence) => {
  expect(limitsOf({ ...key, ...more })).toBe(sentence)
})

test('how far it reaches is said as the form asks for it, without an article that would not fit', () => {
  expect(reachOf(key)).toBe('messages:send; reaches accounts as far as Administrator')
})
