import { expect, test } from 'vitest'
import { holdRows, shownOf } from './held-rows'

type Row = { id: number; word: string }
const rows = (text: string): Row[] =>
  text
    .split(' ')
    .filter(Boolean)
    .map((word) => ({ id: parseInt(word), word }))
const hold = (shown: string, fresh: string, isHeld = false) => {
  const held = holdRows(rows(shown), rows(fresh), ({ id }) => id, isHeld)
  return [held.rows.map(({ word }) => word).join(' '), held.waiting]
}

test('a row that changed keeps its place', () => {
  expect(hold('3queued 2queued 1queued', '3queued 2sent 1queued')).toEqual(['3queued 2sent 1queued', 0])
})

test('also when the new order is another one', () => {
  expect(hold('3 2 1', '1b 3 2')).toEqual(['3 2 1b', 0])
})

test('what is new waits, and what it pushed over the end of the page stays', () => {
  expect(hold('3 2 1', '5 4 3')).toEqual(['3 2 1', 2])
  expect(hold('3 2 1', '6 5 4')).toEqual(['3 2 1', 3])
  expect(hold('3 1', '3 2 1')).toEqual(['3 1', 1])
})

test('what comes behind all others is shown at once', () => {
  expect(hold('3 2', '3 2 1')).toEqual(['3 2 1', 0])
})

test('what is gone leaves when nobody points there, and what moves up follows', () => {
  expect(hold('3 2 1', '3 1 0', true)).toEqual(['3 2 1 0', 0])
  expect(hold('3 2 1 0', '3 1 0')).toEqual(['3 1 0', 0])
})

test('gone at the end, with nothing new, is gone', () => {
  expect(hold('3 2 1', '3 2')).toEqual(['3 2', 0])
})

test('an empty list has nothing that could move', () => {
  expect(hold('', '2 1')).toEqual(['2 1', 0])
})

test('a list that is on its way, or could not be read, is not shown yet: what stands in for it is of another filter', () => {
  expect(shownOf({ data: { messages: [] }, isPlaceholderData: true }, '/new')).toBeNull()
  expect(shownOf({ data: undefined, isPlaceholderData: false }, '/new')).toBeNull()
  expect(shownOf({ data: { messages: [] }, isPlaceholderData: false }, '/new')).toBe('/new')
})
