import { expect, test } from 'vitest'
import { emptyInSeconds, trend, type PipelineView } from './pipeline'

const outbox = (waiting: number, asked_last_minute: number, ended_last_minute: number): PipelineView['outbox'] => ({
  waiting,
  oldest_since: null,
  overdue: 0,
  held: 0,
  asked_last_minute,
  ended_last_minute,
})

test('how soon nothing waits any more is said only where the last minute tells', () => {
  expect(emptyInSeconds(outbox(300, 40, 100))).toBe(300)
  expect(emptyInSeconds(outbox(0, 0, 100))).toBeNull()
  expect(emptyInSeconds(outbox(300, 100, 100))).toBeNull()
  expect(emptyInSeconds(outbox(300, 200, 100))).toBeNull()
  expect(emptyInSeconds(outbox(300, 0, 4))).toBeNull()
})

test('what waits gets more or less, or stays about the same', () => {
  expect(trend(outbox(300, 200, 100))).toBe('more')
  expect(trend(outbox(300, 100, 200))).toBe('less')
  expect(trend(outbox(300, 100, 103))).toBe('same')
  expect(trend(outbox(0, 200, 100))).toBe('same')
})
