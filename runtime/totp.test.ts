import { expect, test } from 'vitest'
import { newTotpSecret, totpAddress, totpStep } from './totp'

/** RFC 6238, appendix B: the key in base32, and the last six of the eight digits. */
const rfcSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('the code of RFC 6238 for second %i is right, one step early and late too, and no further', (second, code) => {
  const step = Math.floor(second / 30)
  const at = (seconds: number) => totpStep(rfcSecret, code, new Date((second + seconds) * 1000))
  expect([at(0), at(30), at(-30)]).toEqual([step, step, step])
  expect([at(90), at(-90)]).toEqual([null, null])
})

test('what is no code is not right', () => {
  for (const code of ['', '28708', '2870822', 'abcdef', ' 287082', '２８７０８２']) {
    expect(totpStep(rfcSecret, code, new Date(59_000))).toBeNull()
  }
})

test('a secret has 160 bits and is new each time; its address says who and where', () => {
  const [one, other] = [newTotpSecret(), newTotpSecret()]
  expect(one).toMatch(/^[A-Z2-7]{32}$/)
  expect(one).not.toBe(other)
  const address = new URL(totpAddress(one, 'maya@example.com'))
  expect(decodeURIComponent(address.pathname)).toContain('Usual Store Support:maya@example.com')
  expect(Object.fromEntries(address.searchParams)).toEqual({
    issuer: 'Usual Store Support',
    secret: one,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  })
})
