import { expect, it } from 'vitest'
import { generatePassword } from './generate-password'

it('makes a password of 16 signs that the API takes', () => {
  const password = generatePassword((count) => crypto.getRandomValues(new Uint8Array(count)))
  expect(password).toMatch(/^[\w+=?-]{16}$/)
})

it('draws again instead of favouring some signs', () => {
  const draws = [new Uint8Array(16).fill(255), new Uint8Array(16).fill(0)]
  expect(generatePassword(() => draws.shift() ?? new Uint8Array(16).fill(1))).toBe('a'.repeat(16))
  expect(draws).toHaveLength(0)
})
