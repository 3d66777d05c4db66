import { expect, test } from 'vitest'
import { sampleOf, slopeOf, type Sample } from './memory'

/** Half an hour, a sample every 10 s. */
const run = (rssMb: (minute: number, second: number) => number): Sample[] =>
  Array.from({ length: 180 }, (_, at) => ({ atMs: at * 10_000, rssMb: rssMb(at / 6, at * 10), fds: 1 }))

test('a steady process gains nothing, however its garbage collector saws', () => {
  expect(slopeOf(run((_, second) => 100 + (second % 60)))).toBeCloseTo(0)
})

test('a leak of 1 MB a minute is 60 MB an hour', () => {
  expect(slopeOf(run((minute) => 100 + minute))).toBeCloseTo(60)
})

test('warming up does not count', () => {
  expect(slopeOf(run((minute) => Math.min(200, 100 + 20 * minute)))).toBeCloseTo(0)
})

test('too short a run says nothing', () => expect(slopeOf(run(() => 100).slice(0, 3))).toBeNaN())

test('the system tells of this process, and of none that is gone', () => {
  expect(sampleOf(process.pid, 5)).toMatchObject({ atMs: 5, fds: expect.any(Number) as number })
  expect(sampleOf(process.pid, 5)?.rssMb).toBeGreaterThan(10)
  expect(sampleOf(2 ** 22 + 1, 5)).toBeNull()
})
