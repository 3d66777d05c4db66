import { expect, it } from 'vitest'
import { dayStart, isoDay, dayInField } from './day'

it.each([
  ['2026-11-27', 'UTC', 0, '2026-11-27T00:00:00.000Z'],
  ['2026-11-27', 'Europe/Kyiv', 0, '2026-11-26T22:00:00.000Z'],
  ['2026-10-25', 'Europe/Kyiv', 1, '2026-10-25T22:00:00.000Z'],
  ['2026-12-31', 'America/New_York', 1, '2027-01-01T05:00:00.000Z'],
  ['2026-11-27', 'Pacific/Kiritimati', 0, '2026-11-26T10:00:00.000Z'],
  ['2026-11-27', 'Asia/Kathmandu', 0, '2026-11-26T18:15:00.000Z'],
])('%s in %s, and %i days later, begins at %s', (day, zone, later, instant) => {
  expect(dayStart(day, zone, later)).toBe(instant)
  expect(isoDay(Date.parse(dayStart(day, zone)), zone)).toBe(day)
})

it.each([
  ['', null],
  ['0002-11-27', undefined],
  ['0202-11-27', undefined],
  ['2026-11-27', '2026-11-27'],
  ['9999-01-01', undefined],
  ['20261-11-27', undefined],
])('%j in a date field stands for %j', (value, day) => {
  expect(dayInField(value)).toBe(day)
})
