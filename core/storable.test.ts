import { expect, test } from 'vitest'
import { isStorable } from './storable'

test('what Postgres cannot store is found wherever it stands', () => {
  expect(isStorable({ a: ['fine', { b: 'Grüße 🎉' }] })).toBe(true)
  expect(isStorable({ a: [{ b: 'x\0' }] })).toBe(false)
  expect(isStorable({ 'x\0': 1 })).toBe(false)
  expect(isStorable({ a: '\ud83c' })).toBe(false)
})

test('depth does not matter', () => {
  const deep: unknown = JSON.parse('['.repeat(60_000) + ']'.repeat(60_000))
  expect(isStorable(deep)).toBe(true)
})
