import { describe, expect, it } from 'vitest'
import { clockWithSeconds, dayAndClock, exact, relative, span, timeInSentence, zoneOf } from './format-time'

const now = Date.parse('2026-11-24T12:32:00Z')
const clock = { now, zone: 'Europe/Kyiv' }
const ago = (ms: number) => new Date(now - ms).toISOString()
const minute = 60_000
const hour = 60 * minute

describe('relative', () => {
  it.each([
    [0, 'now'],
    [9_999, 'now'],
    [59_999, '50 s ago'],
    [minute, '1 min ago'],
    [59 * minute, '59 min ago'],
    [3 * hour, '3 h ago'],
    [20 * hour, 'yesterday'],
    [3 * 24 * hour, '21 Nov'],
    [400 * 24 * hour, '20 Oct 2025'],
  ])('%i ms ago is %s', (ms, words) => expect(relative(ago(ms), clock)).toBe(words))

  it('says how soon something is', () => expect(relative(ago(-84_000), clock)).toBe('in 1 min 24 s'))

  it('does not put what just happened into the future when the page’s clock is a tick behind', () =>
    expect(relative(ago(-11_000), clock)).toBe('now'))
})

describe('span', () => {
  it.each([
    [-5, '0 s'],
    [400, '1 s'],
    [59_000, '59 s'],
    [84_000, '1 min 24 s'],
    [120_000, '2 min'],
    [7 * minute + 5000, '7 min'],
    [3 * hour + 10 * minute, '3 h 10 min'],
    [24 * hour, '1 day'],
    [50 * hour, '2 days'],
  ])('%i ms is %s', (ms, words) => expect(span(ms)).toBe(words))
})

it('days are those of the reader’s zone, not of UTC', () => {
  const lateYesterdayInUtc = '2026-11-23T22:30:00Z'
  expect(dayAndClock(lateYesterdayInUtc, clock)).toBe('Today 00:30')
  expect(dayAndClock(lateYesterdayInUtc, { now, zone: 'UTC' })).toBe('Yesterday 22:30')
})

it('a sentence names the day only when it was not today', () => {
  expect(timeInSentence('2026-11-24T12:02:00Z', clock)).toBe('14:02')
  expect(timeInSentence('2026-11-23T12:02:00Z', clock)).toBe('14:02 yesterday')
  expect(timeInSentence('2026-11-03T12:02:00Z', clock)).toBe('14:02 on 3 Nov')
})

it('a list of events shows seconds', () => {
  expect(clockWithSeconds('2026-11-24T12:02:09Z', clock)).toBe('14:02:09')
  expect(clockWithSeconds('2026-11-03T12:02:09Z', clock)).toBe('3 Nov 14:02:09')
})

it('the exact instant names its zone', () =>
  expect(exact('2026-11-24T12:20:31Z', 'Europe/Kyiv')).toMatch(/^24 Nov 2026, 14:20:31 (GMT\+2|EET)$/))

it('a cookie that names no zone counts as none', () => {
  expect(zoneOf('Europe/Paris')).toBe('Europe/Paris')
  expect(zoneOf('nonsense; path=/')).toBe('UTC')
  expect(zoneOf(undefined)).toBe('UTC')
})

it('a zone has one name, whatever way the cookie writes it: formats are kept for each name', () =>
  expect(new Set(['Europe/Kyiv', 'europe/kyiv', 'EUROPE/KIEV'].map(zoneOf)).size).toBe(1))
