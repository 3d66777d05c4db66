import { expect, test } from 'vitest'
import { isNestedTooDeeply, isStorable, storable } from './storable'

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))

test('what Postgres cannot store is found wherever it stands', () => {
  expect(isStorable({ a: ['fine', { b: 'Grüße 🎉' }] })).toBe(true)
  expect(isStorable({ a: [{ b: 'x\0' }] })).toBe(false)
  expect(isStorable({ 'x\0': 1 })).toBe(false)
  expect(isStorable({ a: '\ud83c' })).toBe(false)
})

test('of a long reply the beginning is kept, also where it is cut within a character', () => {
  expect(storable('550 no')).toBe('550 no')
  const long = storable('🎉'.repeat(5_000))
  expect([long.length, isStorable(long), long.endsWith('…')]).toEqual([2_000, true, true])
})

test('depth does not matter', () => {
  expect(isStorable(nested(60_000))).toBe(true)
})

test('what is nested without an end is told apart from what is only long', () => {
  expect(isNestedTooDeeply(nested(100_000))).toBe(true)
  expect(isNestedTooDeeply({ a: nested(120) })).toBe(true)
  expect(isNestedTooDeeply(nested(50))).toBe(false)
  expect(isNestedTooDeeply({ list: Array.from({ length: 10_000 }, (_, index) => ({ index })) })).toBe(false)
  expect(isNestedTooDeeply(null)).toBe(false)
})
