import { expect, test } from 'vitest'
import { restMs } from './hour-keeper'

test('it rests for fifty times as long as it took, within bounds; a count that hung and failed costs no longer rest', () => {
  expect(restMs(10)).toBe(15_000)
  expect(restMs(1_000)).toBe(50_000)
  expect(restMs(60_000)).toBe(120_000)
  expect(restMs(null)).toBe(15_000)
})
