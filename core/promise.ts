/**
 * What is promised of mail: 95 of 100 are accepted by a mail server within 10 s of being asked for. Of a mail for later, of the
 * time that was asked for. The way of counting is GOV.UK Notify's (guidance/using-notify/delivery-times).
 */
const promisedShare = 0.95
export const promisedWithinMs = 10_000

/** One hour as it was counted (db/delivery-hours.ts); `hour` is its beginning, RFC 3339. */
export type DeliveryHour = {
  hour: string
  asked: number
  accepted: number
  in_time: number
  at_first_try: number
  dead: number
  median_ms: number | null
  p95_ms: number | null
}

export type PromisedDay = {
  /** `2026-11-24` in the reader's zone. */
  day: string
  /** Of how many it is told: accepted, or overdue already. */
  mails: number
  /** From 0 to 1; null: there was no mail. */
  share: number | null
  isKept: boolean | null
}

/**
 * How the promise was kept, day by day.
 * @param dayOf the reader's day of an instant
 * @param shown those days, oldest first; today is the last
 * @param overdue mails that wait for longer than was promised at this moment: today has failed them already
 */
export function promisedDays(
  hours: readonly DeliveryHour[],
  dayOf: (instant: string) => string,
  shown: readonly string[],
  overdue: number,
): PromisedDay[] {
  const today = shown.at(-1)
  const days = new Map(shown.map((day) => [day, { accepted: 0, inTime: 0 }]))
  for (const { hour, accepted, in_time } of hours) {
    const sum = days.get(dayOf(hour))
    if (sum) days.set(dayOf(hour), { accepted: sum.accepted + accepted, inTime: sum.inTime + in_time })
  }
  return [...days].map(([day, { accepted, inTime }]) => {
    const whole = accepted + (day === today ? overdue : 0)
    const share = whole === 0 ? null : inTime / whole
    return { day, mails: whole, share, isKept: share === null ? null : share >= promisedShare }
  })
}

/** `99.6%`; never rounded up to a promise that was not kept, or to all. */
export const percent = (share: number): string => {
  const tenths = Math.floor(share * 1000) / 10
  return `${Number.isInteger(tenths) ? tenths.toFixed(0) : tenths.toFixed(1)}%`
}
