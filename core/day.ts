const minuteMs = 60_000
const hourMs = 60 * minuteMs

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a format is slow, so each is made once. Throws a RangeError for what is no zone. */
function dayFormat(zone: string): Intl.DateTimeFormat {
  let made = formats.get(zone)
  if (!made) {
    made = new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'short' })
    formats.set(zone, made)
  }
  return made
}

/** The one name of a zone, whatever way it was written: there are only so many. Null for what is no zone. */
export function zoneNamed(name: string): string | null {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** `2026-11-27`, the day that it is then in a zone. */
export const isoDay = (instant: string | number, zone: string): string =>
  dayFormat(zone).format(new Date(instant)).split('/').toReversed().join('-')

/** The instant at which a day, or the one `later` days after it, begins in a zone. */
export function dayStart(day: string, zone: string, later = 0): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const wanted = new Date(Date.UTC(year, month - 1, date + later))
  const wantedDay = wanted.toISOString().slice(0, 10)
  // No zone is more than 14 h ahead of UTC or 12 h behind it, and all of them differ by whole quarters of an hour.
  let instant = wanted.getTime() - 14 * hourMs
  while (isoDay(instant, zone) < wantedDay) instant += 15 * minuteMs
  return new Date(instant).toISOString()
}

/**
 * What a date field says while somebody types in it: a whole day, null for an empty field, undefined for a day that is not whole
 * yet. After the first digit of a year the browser already tells one, of the year 2.
 */
export function dayInField(value: string): string | null | undefined {
  if (value === '') return null
  const year = Number(value.split('-')[0])
  return year >= 2000 && year <= 9998 ? value : undefined
}
