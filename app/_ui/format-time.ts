import { isoDay, zoneNamed } from '@/core/day'

/**
 * How instants are written for people. Pure: the clock and the time zone come in as arguments, so that the server and the
 * browser write the same words.
 */
export const zoneCookie = 'time-zone'

/** The zone the browser told us in its cookie; UTC until it has, or when what it says is no zone. */
export const zoneOf = (name: string | undefined): string => (name && zoneNamed(name)) || 'UTC'

export type Clock = { now: number; zone: string }

const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a format is slow, so each is made once. */
function format(instant: string | number, zone: string, options: Intl.DateTimeFormatOptions): string {
  const key = zone + JSON.stringify(options)
  let made = formats.get(key)
  if (!made) {
    made = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options })
    formats.set(key, made)
  }
  return made.format(new Date(instant))
}

/** `14:31`, with seconds `14:31:30`. */
const clockOf = (instant: string, zone: string, seconds = false) =>
  format(instant, zone, {
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
    hourCycle: 'h23',
  })

/** `14:31` */
export const clockTime = (instant: string, zone: string): string => clockOf(instant, zone)

/** Null for today; `yesterday`, `3 Nov`, and with the year when it is another one. */
function dayOf(instant: string, { now, zone }: Clock): string | null {
  const day = isoDay(instant, zone)
  if (day === isoDay(now, zone)) return null
  if (day === isoDay(now - dayMs, zone)) return 'yesterday'
  const sameYear = format(instant, zone, { year: 'numeric' }) === format(now, zone, { year: 'numeric' })
  return format(instant, zone, { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) })
}

/** A length of time in at most two units: `18 s`, `1 min 24 s`, `5 min`, `3 h 10 min`, `2 days`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / secondMs))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 5 && seconds % 60 > 0) return `${minutes} min ${seconds % 60} s`
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 > 0 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  const days = Math.round(ms / dayMs)
  return days === 1 ? '1 day' : `${days} days`
}

/** How long ago, or how soon: `now`, `20 s ago`, `12 min ago`, `3 h ago`, `yesterday`, `3 Nov`, `in 5 min`. */
export function relative(instant: string, clock: Clock): string {
  const ago = clock.now - new Date(instant).getTime()
  // The clock of a page is up to a tick behind, and must not say that something just done lies in the future.
  if (ago < -15 * secondMs) return `in ${span(-ago)}`
  if (ago < 10 * secondMs) return 'now'
  if (ago < minuteMs) return `${Math.floor(ago / (10 * secondMs)) * 10} s ago`
  if (ago < hourMs) return `${Math.floor(ago / minuteMs)} min ago`
  if (ago < dayMs && dayOf(instant, clock) === null) return `${Math.floor(ago / hourMs)} h ago`
  return dayOf(instant, clock) ?? `${Math.floor(ago / hourMs)} h ago`
}

/** `Today 14:31`, `Yesterday 19:00`, `3 Nov 14:31`. */
export function dayAndClock(instant: string, clock: Clock): string {
  const day = dayOf(instant, clock) ?? 'today'
  return `${day.charAt(0).toUpperCase()}${day.slice(1)} ${clockOf(instant, clock.zone)}`
}

/** For a list of what happened: `14:31:30`, with the day in front when it was not today. */
export function clockWithSeconds(instant: string, clock: Clock): string {
  const day = dayOf(instant, clock)
  return `${day ? `${day} ` : ''}${clockOf(instant, clock.zone, true)}`
}

/** Inside a sentence, after "at" or "since": `14:02`, `14:02 yesterday`, `14:02 on 3 Nov`. */
export function timeInSentence(instant: string, clock: Clock): string {
  const day = dayOf(instant, clock)
  const time = clockOf(instant, clock.zone)
  if (!day) return time
  return day === 'yesterday' ? `${time} yesterday` : `${time} on ${day}`
}

/** After "since": `today`, `yesterday`, `3 Nov`. */
export const dayInSentence = (instant: string, clock: Clock): string => dayOf(instant, clock) ?? 'today'

/** To the second, with the zone: `24 Nov 2026, 14:20:31 GMT+2`. */
export const exact = (instant: string, zone: string): string =>
  format(instant, zone, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  })
