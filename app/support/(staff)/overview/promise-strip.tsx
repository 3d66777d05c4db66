import { useClock } from '@/app/_ui/clock'
import { dayStart, isoDay } from '@/core/day'
import page from '@/app/_ui/reading-page.module.css'
import { Strip } from '@/app/_ui/strip'
import { percent, promisedDays, type DeliveryHour } from '@/core/promise'
import { shownDays } from './shown-days'

/** How the promise is kept today, and was on the days before. */
export function PromiseStrip({ hours, overdue }: { hours: readonly DeliveryHour[]; overdue: number }) {
  const { now, zone } = useClock()
  const today = isoDay(now, zone)
  const shown = Array.from({ length: shownDays }, (_, index) =>
    isoDay(Date.parse(dayStart(today, zone, index + 1 - shownDays)), zone),
  )
  const days = promisedDays(hours, (instant) => isoDay(Date.parse(instant), zone), shown, overdue)
  return (
    <section aria-labelledby="promise" className={page.section}>
      <h2 id="promise">
        The promise <span>95 of 100 are accepted within 10 s</span>
      </h2>
      <div suppressHydrationWarning>
        <Strip
          label="How the promise was kept, day by day"
          parts={days.map(({ day, share, isKept, mails }) => ({
            label: day === today ? 'Today' : dayWord(day),
            mark: isKept === null ? 'none' : isKept ? 'well' : 'needs',
            value: share === null ? '–' : percent(share),
            detail: mails === 0 ? 'no mail' : `of ${mails.toLocaleString('en-GB')}`,
          }))}
        />
      </div>
    </section>
  )
}

const format = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', timeZone: 'UTC' })
/** `Tue 24` */
const dayWord = (day: string): string => format.format(new Date(`${day}T12:00:00Z`))
