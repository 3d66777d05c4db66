/**
 * The day that somebody typed into a search, as `2026-11-24`: so, or `24 Nov 2026`, `24 November 2026`, `Nov 24, 2026`,
 * `24.11.2026`. Null when it is none.
 */
export function typedDay(text: string): string | null {
  const typed = text.trim().toLowerCase()
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(typed)
  if (iso) return realDay(iso[1], Number(iso[2]), iso[3])
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(typed)
  if (dotted) return realDay(dotted[3], Number(dotted[2]), dotted[1])
  const dayFirst = /^(\d{1,2}) ([a-z]{3,9})\.?,? (\d{4})$/.exec(typed)
  if (dayFirst) return realDay(dayFirst[3], monthOf(dayFirst[2]), dayFirst[1])
  const monthFirst = /^([a-z]{3,9})\.? (\d{1,2}),? (\d{4})$/.exec(typed)
  if (monthFirst) return realDay(monthFirst[3], monthOf(monthFirst[1]), monthFirst[2])
  return null
}

const fullNames = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

/** 1 to 12; 0 when it is no month. */
const monthOf = (word = ''): number => fullNames.findIndex((name) => name.startsWith(word)) + 1

/** Null for 30 February, and for a year that is not one of ours. */
function realDay(year = '', month: number, day = ''): string | null {
  const written = `${year}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}`
  const at = new Date(`${written}T00:00:00Z`)
  return Number(year) >= 2000 && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(written) ? written : null
}
