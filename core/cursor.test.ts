import { expect, test } from 'vitest'
import { z } from 'zod'
import { cursorOf, exactInstant, toCursor } from './cursor'

const schema = cursorOf(z.tuple([exactInstant, z.string(), z.number().int()]))
const place = ['2026-11-27T18:00:00.123456Z', 'a@example.com', 7] as const

test('a cursor leads back to its place, and can stand in an address as it is', () => {
  const cursor = toCursor(place)
  expect(cursor).toMatch(/^[\w-]+$/)
  expect(schema.parse(cursor)).toEqual(place)
})

test.each([
  'x',
  '',
  '%00',
  toCursor([]),
  toCursor(['2026-11-27', 'a', 7]),
  toCursor(["2026-11-27T18:00:00.123456Z'; drop table users", 'a', 7]),
  toCursor([place[0], 'a', 7.5]),
  // What Postgres would not take: the year 0, and NUL.
  toCursor(['0000-01-01T00:00:00.000000Z', 'a', 7]),
  toCursor([place[0], 'a\0', 7]),
  'x'.repeat(2000),
])('a made-up cursor is refused: %s', (made) => {
  expect(schema.safeParse(made).error?.issues[0]?.message).toBe('This is not a cursor that we gave.')
})
