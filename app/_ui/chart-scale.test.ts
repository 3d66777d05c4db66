import { expect, test } from 'vitest'
import { hourPaths, niceTicks } from './chart-scale'

test.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [3, [0, 1, 2, 3]],
  [7, [0, 3, 6, 9]],
  [100, [0, 50, 100]],
  [1_284, [0, 500, 1_000, 1_500]],
  [2_950, [0, 1_000, 2_000, 3_000]],
])('up to %d', (greatest, ticks) => expect(niceTicks(greatest)).toEqual(ticks))

test('the greatest value always fits, in few steps', () => {
  for (let greatest = 0; greatest < 100_000; greatest = greatest * 1.3 + 1) {
    const ticks = niceTicks(greatest)
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(greatest)
    expect(ticks.length).toBeLessThanOrEqual(4)
  }
})

test('hours are a line, broken where one has no value; one alone is a dot, also at the edge', () => {
  expect(hourPaths([null, 0, 50, null, 100, null, 25], 100)).toEqual({
    line: 'M1 100.00L2 50.00',
    dots: 'M4 0.00L4 0.00M6 75.00L6 75.00',
  })
  expect(hourPaths([null, null, null], 1)).toEqual({ line: '', dots: '' })
})
