import { expect, test } from 'vitest'
import { placeOf, waitSentence } from './sign-in-delay'

test.each([
  [0, 'Too many attempts. Please try again in 1 second.'],
  [1, 'Too many attempts. Please try again in 1 second.'],
  [30, 'Too many attempts. Please try again in 30 seconds.'],
  [121, 'Too many attempts. Please try again in 3 minutes.'],
  [900, 'Too many attempts. Please try again in 15 minutes.'],
])('%i s to wait are told in words', (seconds, sentence) => {
  expect(waitSentence(seconds)).toBe(sentence)
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ['unknown', 'unknown'],
])('%s is the place %s', (address, place) => {
  expect(placeOf(address)).toBe(place)
})
