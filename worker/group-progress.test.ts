import { expect, test } from 'vitest'
import { GroupProgress } from './group-progress'

/** One partition, number 0. */
const lag = (position: number, end: number) => ({
  total: end - position,
  committed: position,
  parts: new Map([[0, { position, end }]]),
})

test('nothing is known: rather one bell too many', () => {
  const progress = new GroupProgress(20_000)
  expect(progress.hasPassed(0)).toBe(true)
  progress.observe(lag(0, 9), 0)
  expect(progress.hasPassed(0)).toBe(false)
  expect(progress.hasPassed(1)).toBe(true)
  progress.forget()
  expect(progress.hasPassed(0)).toBe(true)
})

test('a group that has something ahead of it at all times passes what was there', () => {
  const progress = new GroupProgress(20_000)
  progress.observe(lag(0, 100), 0)
  progress.observe(lag(90, 190), 5_000)
  expect(progress.hasPassed(0)).toBe(false)
  progress.observe(lag(100, 200), 6_000)
  expect(progress.hasPassed(0)).toBe(true)
})

test('is judged by the oldest reading of the window: what came after it does not count', () => {
  const progress = new GroupProgress(20_000)
  progress.observe(lag(0, 100), 0)
  progress.observe(lag(50, 150), 5_000)
  progress.observe(lag(120, 400), 20_000)
  expect(progress.hasPassed(0)).toBe(true)
  // The first reading is too old now.
  progress.observe(lag(140, 400), 20_001)
  expect(progress.hasPassed(0)).toBe(false)
  progress.observe(lag(150, 400), 20_002)
  expect(progress.hasPassed(0)).toBe(true)
})
