import { expect, test } from 'vitest'
import { clientAddress } from './client-address'

const peer = '192.0.2.10'

test.each([
  { of: 'nobody in front: what the caller wrote counts for nothing', hops: 0, header: '198.51.100.7', is: peer },
  { of: 'one proxy: whom it was called by', hops: 1, header: '198.51.100.7', is: '198.51.100.7' },
  { of: 'one proxy, and a caller who lied', hops: 1, header: '10.0.0.1, 198.51.100.7', is: '198.51.100.7' },
  { of: 'two proxies', hops: 2, header: '10.0.0.1, 198.51.100.7, 192.0.2.99', is: '198.51.100.7' },
  { of: 'fewer entries than proxies: the first there is', hops: 3, header: '198.51.100.7', is: '198.51.100.7' },
  { of: 'a proxy that added nothing', hops: 1, header: null, is: peer },
  { of: 'no address at all', hops: 1, header: 'unknown', is: peer },
  { of: 'a script', hops: 1, header: '<script>', is: peer },
  { of: 'IPv6', hops: 1, header: '2001:db8::1', is: '2001:db8::1' },
])('$of', ({ hops, header, is }) => {
  expect(clientAddress(peer, header, hops)).toBe(is)
})

test('an IPv4 address on an IPv6 socket is written as what it is', () => {
  expect(clientAddress('::ffff:192.0.2.10', null, 0)).toBe('192.0.2.10')
})
