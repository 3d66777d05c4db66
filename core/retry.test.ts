import { expect, test } from 'vitest'
import { retryDelayMs } from './retry'

const standardBaseMs = 30_000
const inTheMiddle = 0.5
const latest = 1 - Number.EPSILON

test('waits 30 s, 2 min and 8 min when chance has no say', () => {
  expect([1, 2, 3].map((failed) => retryDelayMs(failed, standardBaseMs, inTheMiddle))).toEqual([
    30_000, 120_000, 480_000,
  ])
})

test.each([
  [1, 24_000, 36_000],
  [2, 96_000, 144_000],
  [3, 384_000, 576_000],
])('leaves a fifth to chance, either way, after %i failed tries', (failed, earliest, last) => {
  expect(retryDelayMs(failed, standardBaseMs, 0)).toBe(earliest)
  expect(retryDelayMs(failed, standardBaseMs, latest)).toBe(last)
})

test('spreads evenly what failed together', () => {
  const delays = [0, 0.25, 0.5, 0.75].map((jitter) => retryDelayMs(1, standardBaseMs, jitter))
  expect(delays).toEqual([24_000, 27_000, 30_000, 33_000])
})

test('never waits longer than an hour and its share of chance', () => {
  expect(retryDelayMs(10, standardBaseMs, inTheMiddle)).toBe(3_600_000)
  expect(retryDelayMs(1_000, standardBaseMs, latest)).toBe(4_320_000)
})

test('is a whole number of milliseconds, as Postgres asks for it', () => {
  expect(Number.isInteger(retryDelayMs(1, 333, 0.1234))).toBe(true)
})
