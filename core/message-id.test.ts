import { expect, test } from 'vitest'
import { firstIdOf, idIn, instantOfId } from './message-id'

test('an id tells when it was made, and an instant where its ids begin', () => {
  const at = Date.UTC(2026, 10, 28, 7, 30, 0, 123)
  expect(firstIdOf(at)).toMatch(/^[\da-f]{8}-[\da-f]{4}-0000-0000-0{12}$/)
  expect(instantOfId(firstIdOf(at))).toBe('2026-11-28T07:30:00.123Z')
  // RFC 9562 A.6
  expect(instantOfId('017F22E2-79B0-7CC3-98C4-DC0C0C07398F')).toBe('2022-02-22T19:22:22.000Z')
  expect(firstIdOf(at) < firstIdOf(at + 1)).toBe(true)
})

test('an id is found by itself and in a Message-ID, in whatever case, and nowhere else', () => {
  const id = '019a2f7c-0000-7000-8000-00000000b41e'
  expect([id, `<${id}@usualstore.com>`, `${id}@usualstore.com`, id.toUpperCase()].map(idIn)).toEqual([id, id, id, id])
  expect(['', 'ada@example.com', id.slice(1), `see ${id}`].map(idIn)).toEqual([null, null, null, null])
})
