import { describe, expect, test } from 'vitest'
import { addressSchema } from './address-schema'
import { isAddress, sameAddressKey } from './address'

const domainOf = (length: number) => {
  // Labels of 63 and a rest: `aaa….aaa….com`.
  const labels: string[] = []
  for (let left = length - '.com'.length; left > 0; left -= 64) labels.push('a'.repeat(Math.min(63, left)))
  return `${labels.join('.')}.com`
}

const good = [
  'name@example.com',
  'john.doe@example.com',
  'JOHN@EXAMPLE.COM',
  'o\u0027neil+tag@sub.example.co.uk',
  '451-twice@example.com',
  '_-!#$%&*/=?^`{|}~@example.com',
  'a@b.co',
  'a@xn--bcher-kva.example',
  'a@1and1.com',
  `${'l'.repeat(64)}@example.com`,
  `a@${'d'.repeat(63)}.com`,
]

/** Each made nodemailer send elsewhere, or to more than one, or write a header of its own (RELIABILITY 0.8). */
const injections = [
  'b@example.com\r\nBcc: evil@example.com',
  'b@example.com\nBcc: evil@example.com',
  'b@example.com\rBcc: evil@example.com',
  'b@example.com\r\n\r\nA body of their own',
  'b@example.com, evil@example.com',
  'b@example.com;evil@example.com',
  'B <b@example.com>',
  '"evil@example.com" <b@example.com>',
  'b@example.com>\r\nRCPT TO:<evil@example.com',
]

const bad = [
  ...injections,
  '',
  ' ',
  'name',
  'name@',
  '@example.com',
  'name@localhost',
  'a@example.com b@example.com',
  'a@example.com,b@example.com',
  'a@b@example.com',
  'a@@example.com',
  'a b@example.com',
  'a@exam ple.com',
  'a@example.com\0',
  'a\0@example.com',
  'a@example.com\u2028b',
  'a\u200b@example.com',
  'a＠example.com',
  'a﹫example.com',
  'а@example.com', // a Cyrillic а
  'a@exаmple.com', // and one in the domain
  'ä@example.com',
  'a@example。com',
  '"a b"@example.com',
  '"a"@example.com',
  'a\\@b@example.com',
  'a(comment)@example.com',
  '<a@example.com>',
  '<a@example.com',
  'mailto:a@example.com',
  'a@[127.0.0.1]',
  '.a@example.com',
  'a.@example.com',
  'a..b@example.com',
  'a@example.com.',
  'a@.example.com',
  'a@example..com',
  'a@-example.com',
  'a@example-.com',
  'a@exam_ple.com',
  'a@example.com:25',
  'a@example.com/x',
  'group:a@example.com;',
  `${'l'.repeat(65)}@example.com`,
  `a@${'d'.repeat(64)}.com`,
]

describe('an address', () => {
  test.each(good)('is taken: %j', (value) => expect(addressSchema.parse(value)).toBe(value))

  test.each(bad)('is refused: %j', (value) => {
    expect(isAddress(value)).toBe(false)
    expect(addressSchema.safeParse(value).success).toBe(false)
  })

  test('has at most 254 characters', () => {
    const longest = `a@${domainOf(252)}`
    expect(longest).toHaveLength(254)
    expect(isAddress(longest)).toBe(true)
    expect(isAddress(`b${longest}`)).toBe(false)
  })

  test('may have blanks around it, but no line break and no other control character', () => {
    expect(addressSchema.parse('  a@example.com ')).toBe('a@example.com')
    for (const end of ['\n', '\r\n', '\t', '\0', '\u0085', '\u2028'])
      expect([end, addressSchema.safeParse(`a@example.com${end}`).success]).toEqual([end, false])
  })

  test.each([undefined, null, 7, ['a@example.com'], { address: 'a@example.com' }])('is not %j', (value) => {
    expect(addressSchema.safeParse(value).error?.issues[0]?.message).toBe('An address is needed.')
  })

  test('of any length is answered at once', () => {
    const startedAt = performance.now()
    for (const part of ['a', '.', 'a.', '@', '@a.', ' ', '-'])
      addressSchema.safeParse(`a${part.repeat(100_000)}!@example`)
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })

  test('is the same in capitals', () => {
    expect(sameAddressKey('John.Doe@Example.COM')).toBe(sameAddressKey('john.doe@example.com'))
    expect(sameAddressKey('john.doe@example.com')).not.toBe(sameAddressKey('johndoe@example.com'))
  })
})
