import { describe, expect, test } from 'vitest'
import type { Lag } from '@/kafka/lag'
import { Pace } from './pace'

const lag = (committed: number, total: number): Lag => ({ committed, total, parts: new Map() })

/** Reads of the group's progress: at this second, so much committed, so much still ahead of it. */
function paced(...reads: { second: number; committed: number; total: number }[]): Pace {
  const pace = new Pace()
  for (const { second, committed, total } of reads) pace.observe(lag(committed, total), second * 1_000)
  return pace
}

describe('how much may be put ahead of the group', () => {
  test('is a little before anything is known', () => {
    expect(new Pace().allowance).toBe(100)
    expect(paced({ second: 0, committed: 1_000_000, total: 0 }).allowance).toBe(100)
  })

  test('is what it drains in a second, less what is ahead of it already', () => {
    const pace = paced({ second: 0, committed: 0, total: 0 }, { second: 2, committed: 1_000, total: 300 })
    expect(pace.allowance).toBe(200)
  })

  test('shrinks with what is published, and is never less than nothing', () => {
    const pace = paced({ second: 0, committed: 0, total: 0 }, { second: 1, committed: 500, total: 0 })
    pace.published(300)
    expect(pace.allowance).toBe(200)
    pace.published(9_999)
    expect(pace.allowance).toBe(0)
  })

  test('has a ceiling, however fast the group is', () => {
    expect(paced({ second: 0, committed: 0, total: 0 }, { second: 1, committed: 90_000, total: 0 }).allowance).toBe(
      4_000,
    )
  })

  test('believes a new measure of what is ahead, not its own count', () => {
    const pace = paced({ second: 0, committed: 0, total: 0 })
    pace.published(100)
    expect(pace.allowance).toBe(0)
    pace.ask(100)
    pace.observe(lag(0, 40), 100)
    expect(pace.allowance).toBe(60)
  })

  test('counts what was published while Kafka was asked on top of the answer', () => {
    const pace = paced({ second: 0, committed: 0, total: 0 })
    pace.ask(100)
    pace.published(30)
    pace.observe(lag(0, 40), 100)
    expect(pace.allowance).toBe(30)
  })

  test('grows by what the group drains while Kafka is asked: a slow answer does not empty the line', () => {
    const pace = paced({ second: 0, committed: 0, total: 0 })
    pace.ask(1_000)
    pace.observe(lag(0, 0), 4_000)
    expect(pace.allowance).toBe(400)
    pace.ask(5_000)
    pace.observe(lag(1_000, 0), 6_000)
    expect(pace.allowance).toBe(1_000)
  })

  test('an answer that fails to come does not hold the rest for good', () => {
    const pace = paced({ second: 0, committed: 0, total: 0 })
    pace.published(100)
    pace.ask(0)
    pace.published(10)
    expect(pace.allowance).toBe(0)
    pace.notKnown()
    expect(pace.allowance).toBe(90)
  })

  test('sinks slowly when the group pauses, down to a little', () => {
    const pace = paced({ second: 0, committed: 0, total: 0 }, { second: 1, committed: 1_000, total: 0 })
    const seen: number[] = []
    for (let second = 2; second < 9; second++) {
      pace.observe(lag(1_000, 0), second * 1_000)
      seen.push(pace.allowance)
    }
    expect(seen).toEqual([500, 250, 125, 100, 100, 100, 100])
  })

  test('takes no rate from reads that are closer than two commits of the group', () => {
    const pace = paced({ second: 0, committed: 0, total: 0 }, { second: 0.4, committed: 4_000, total: 0 })
    expect(pace.allowance).toBe(100)
    // Measured from the first read on: nothing of it is forgotten.
    pace.observe(lag(4_000, 0), 4_000)
    expect(pace.allowance).toBe(1_000)
  })

  test('is not turned round by a group that went back', () => {
    const pace = paced({ second: 0, committed: 5_000, total: 0 }, { second: 1, committed: 0, total: 0 })
    expect(pace.allowance).toBe(100)
  })
})
