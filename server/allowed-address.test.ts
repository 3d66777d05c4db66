import { expect, test } from 'vitest'
import { isAllowedAddress } from './allowed-address'

test.each([
  ['192.0.2.7', [], true],
  ['192.0.2.7', ['192.0.2.7'], true],
  ['192.0.2.8', ['192.0.2.7'], false],
  ['192.0.2.8', ['192.0.2.0/29', '203.0.113.5'], false],
  ['192.0.2.6', ['203.0.113.5', '192.0.2.0/29'], true],
  ['2001:db8::1', ['2001:db8::/32'], true],
  ['2001:DB8:0:0:0:0:0:1', ['2001:db8::1'], true],
  ['2001:db9::1', ['2001:db8::/32'], false],
  // A rule of one family says nothing of the other.
  ['2001:db8::1', ['0.0.0.0/0'], false],
  ['192.0.2.7', ['::/0'], false],
  ['::1', ['127.0.0.1'], false],
  // Not known where from.
  ['unknown', ['0.0.0.0/0', '::/0'], false],
  ['unknown', [], true],
])('from %s with %j allowed: %s', (address, allowed, expected) => {
  expect(isAllowedAddress(address, allowed)).toBe(expected)
})
