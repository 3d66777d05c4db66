import { expect, test } from 'vitest'
import { plainRecoveryCode, recoveryCodeOf } from './recovery-code'

test('a code holds all 80 bits, in groups of four', () => {
  expect(recoveryCodeOf(new Uint8Array(10))).toBe('0000-0000-0000-0000')
  expect(recoveryCodeOf(new Uint8Array(10).fill(255))).toBe('zzzz-zzzz-zzzz-zzzz')
  const codes = Array.from({ length: 80 }, (_, bit) => {
    const bytes = new Uint8Array(10)
    bytes[Math.floor(bit / 8)] = 1 << (bit % 8)
    return recoveryCodeOf(bytes)
  })
  expect(new Set(codes).size).toBe(80)
  expect(codes.every((code) => plainRecoveryCode(code) === code.replaceAll('-', ''))).toBe(true)
})

test.each([
  ['ABCD-EFGH-JKMN-PQRS', 'abcdefghjkmnpqrs'],
  [' abcd efgh jkmn pqrs ', 'abcdefghjkmnpqrs'],
  ['O0Il-1111-1111-1111', '0011111111111111'],
  ['123456', null],
  ['abcd-efgh-jkmn-pqr', null],
  ['abcd-efgh-jkmn-pqru', null],
  ['', null],
])('%j is %j', (typed, plain) => {
  expect(plainRecoveryCode(typed)).toBe(plain)
})
