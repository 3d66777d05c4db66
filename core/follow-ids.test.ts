import { expect, test } from 'vitest'
import { beginAt, readOn } from './follow-ids'

const missingOf = (place: ReturnType<typeof beginAt>) => [...place.missing.keys()]

test('what comes in order leaves nothing to look for', () => {
  const place = readOn(beginAt(10), [11, 12, 13], 0)
  expect([place.last, missingOf(place)]).toEqual([13, []])
})

test('an id that was passed over is looked for until it is there', () => {
  const passed = readOn(beginAt(10), [13, 11], 0)
  expect([passed.last, missingOf(passed)]).toEqual([13, [12]])
  const late = readOn(passed, [12], 300)
  expect([late.last, missingOf(late)]).toEqual([13, []])
})

test('nothing found changes nothing', () => {
  expect(readOn(beginAt(10), [], 0)).toEqual(beginAt(10))
})

test('what was rolled back is not looked for for ever', () => {
  let place = readOn(beginAt(10), [12], 0)
  place = readOn(place, [], 29_000)
  expect(missingOf(place)).toEqual([11])
  expect(missingOf(readOn(place, [], 31_000))).toEqual([])
})

test('a jump of millions is not remembered id by id', () => {
  const place = readOn(beginAt(0), [5_000_000], 0)
  expect([place.last, place.missing.size, place.missing.has(4_999_999)]).toEqual([5_000_000, 2_000, true])
})
