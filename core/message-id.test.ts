import { expect, test } from 'vitest'
import { firstIdOf, instantOfId } from './message-id'

test('an id tells when it was made, and an instant where its ids begin', () => {
  const at = Date.UTC(2026, 10, 28, 7, 30, 0, 123)
  expect(firstIdOf(at)).toMatch(/^[\da-f]{8}-[\da-f]{4}-0000-0000-0{12}$/)
  expect(instantOfId(firstIdOf(at))).toBe('2026-11-28T07:30:00.123Z')
  // RFC 9562 A.6
  expect(instantOfId('017F22E2-79B0-7CC3-98C4-DC0C0C07398F')).toBe('2022-02-22T19:22:22.000Z')
  expect(firstIdOf(at) < firstIdOf(at + 1)).toBe(true)
})
