import { expect, test } from 'vitest'
import { percent, promisedDays, type DeliveryHour } from './promise'

const hour = (at: string, accepted: number, in_time: number): DeliveryHour => ({
  hour: at,
  asked: accepted,
  accepted,
  in_time,
  at_first_try: accepted,
  dead: 0,
  median_ms: null,
  p95_ms: null,
})
const dayOf = (instant: string) => instant.slice(0, 10)
const shown = ['2026-11-22', '2026-11-23', '2026-11-24']

test('each day has its share, also one without mail; what waits too long now counts against today', () => {
  const hours = [
    hour('2026-11-20T10:00:00.000Z', 5, 0),
    hour('2026-11-22T10:00:00.000Z', 60, 60),
    hour('2026-11-22T11:00:00.000Z', 40, 34),
    hour('2026-11-24T10:00:00.000Z', 95, 95),
  ]
  expect(promisedDays(hours, dayOf, shown, 0)).toEqual([
    { day: '2026-11-22', mails: 100, share: 0.94, isKept: false },
    { day: '2026-11-23', mails: 0, share: null, isKept: null },
    { day: '2026-11-24', mails: 95, share: 1, isKept: true },
  ])
  expect(promisedDays(hours, dayOf, shown, 5).at(-1)).toMatchObject({ share: 0.95, isKept: true })
  expect(promisedDays(hours, dayOf, shown, 6).at(-1)).toMatchObject({ isKept: false })
})

test.each([
  [1, '100%'],
  [0.9999, '99.9%'],
  [0.95, '95%'],
  [0.94999, '94.9%'],
  [0, '0%'],
])('%d is %s', (share, words) => expect(percent(share)).toBe(words))
