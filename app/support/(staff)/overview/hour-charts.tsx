'use client'

import { useState, type ReactNode } from 'react'
import { hourPaths, niceTicks } from '@/app/_ui/chart-scale'
import { useClock } from '@/app/_ui/clock'
import { clockTime } from '@/app/_ui/format-time'
import { milliseconds } from '@/app/_ui/milliseconds'
import page from '@/app/_ui/reading-page.module.css'
import type { DeliveryHour } from '@/core/promise'
import styles from './hour-charts.module.css'

const shown = 24
const hourMs = 3_600_000
/** Every sixth hour is named under the chart. */
const labelEvery = 6

const words = (ms: number | null) => (ms === null ? '–' : milliseconds(ms))
const count = (value: number) => value.toLocaleString('en-GB')

/** The last 24 hours, the running one last. Hours that nobody has counted, as when no worker was up, are empty. */
function lastHours(hours: readonly DeliveryHour[], now: number): DeliveryHour[] {
  const known = new Map(hours.map((hour) => [Date.parse(hour.hour), hour]))
  const running = Math.floor(now / hourMs) * hourMs
  return Array.from({ length: shown }, (_, index) => {
    const at = running - (shown - 1 - index) * hourMs
    return (
      known.get(at) ?? {
        hour: new Date(at).toISOString(),
        asked: 0,
        accepted: 0,
        in_time: 0,
        at_first_try: 0,
        dead: 0,
        median_ms: null,
        p95_ms: null,
      }
    )
  })
}

export function MailPerHour({ hours }: { hours: readonly DeliveryHour[] }) {
  const { now, zone } = useClock()
  const last = lastHours(hours, now)
  const ticks = niceTicks(Math.max(...last.map(({ asked }) => asked)))
  const top = ticks.at(-1) ?? 1
  const whole = last.reduce((sum, { asked }) => sum + asked, 0)
  return (
    <Chart
      id="per-hour"
      title="Mail per hour"
      summary={`Mail asked for in each of the last 24 hours, together ${count(whole)}`}
      ticks={ticks.map((tick) => count(tick))}
      labels={labelsOf(last, zone)}
      table={{
        heads: ['Hour', 'Asked for', 'Accepted', 'Given up'],
        rows: last.map(({ hour, asked, accepted, dead }) => [
          clockTime(hour, zone),
          count(asked),
          count(accepted),
          count(dead),
        ]),
      }}
    >
      <div className={styles.bars}>
        {last.map(({ hour, asked }, index) => (
          <i
            key={hour}
            title={`${clockTime(hour, zone)}: ${count(asked)}`}
            data-running={index === shown - 1}
            style={{ height: `${asked === 0 ? 0 : Math.max((asked / top) * 100, 1.5)}%` }}
          />
        ))}
      </div>
    </Chart>
  )
}

export function TimeToAccept({ hours }: { hours: readonly DeliveryHour[] }) {
  const { now, zone } = useClock()
  const last = lastHours(hours, now)
  const most = Math.max(...last.map(({ p95_ms }) => p95_ms ?? 0))
  const ticks = niceTicks(most)
  const top = ticks.at(-1) ?? 1
  const newest = last.findLast(({ median_ms }) => median_ms !== null)
  return (
    <Chart
      id="to-accept"
      title="Time to accept"
      summary={
        newest
          ? `In the newest hour with mail half was accepted within ${words(newest.median_ms)} and 95 of 100 within ${words(newest.p95_ms)}`
          : 'No mail was accepted in the last 24 hours'
      }
      ticks={ticks.map((tick) => milliseconds(tick))}
      labels={labelsOf(last, zone)}
      table={{
        heads: ['Hour', 'Half within', '95 of 100 within', 'Accepted'],
        rows: last.map(({ hour, median_ms, p95_ms, accepted }) => [
          clockTime(hour, zone),
          words(median_ms),
          words(p95_ms),
          count(accepted),
        ]),
      }}
    >
      <svg viewBox={`0 0 ${shown - 1} 100`} preserveAspectRatio="none" className={styles.lines}>
        <Line className={styles.p95} values={last.map(({ p95_ms }) => p95_ms)} top={top} />
        <Line className={styles.median} values={last.map(({ median_ms }) => median_ms)} top={top} />
      </svg>
      {newest ? (
        <p className={styles.said}>
          <span>
            <i data-line="p95" aria-hidden /> 95 of 100 within {words(newest.p95_ms)}
          </span>
          <span>
            <i data-line="median" aria-hidden /> half within {words(newest.median_ms)}
          </span>
        </p>
      ) : null}
    </Chart>
  )
}

function Line({ values, top, className }: { values: (number | null)[]; top: number; className: string | undefined }) {
  const { line, dots } = hourPaths(values, top)
  return (
    <>
      <path d={line} className={className} />
      <path d={dots} className={`${className} ${styles.dots}`} />
    </>
  )
}

function labelsOf(hours: DeliveryHour[], zone: string): string[] {
  return hours.flatMap(({ hour }, index) =>
    index === shown - 1 ? ['now'] : index % labelEvery === 0 ? [clockTime(hour, zone)] : [],
  )
}

function Chart(props: {
  id: string
  title: string
  summary: string
  ticks: string[]
  labels: string[]
  table: { heads: string[]; rows: string[][] }
  children: ReactNode
}) {
  const { id, title, summary, ticks, labels, table, children } = props
  const [isTable, setIsTable] = useState(false)
  return (
    <section aria-labelledby={id} className={page.section}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        <button type="button" className={styles.toggle} aria-pressed={isTable} onClick={() => setIsTable(!isTable)}>
          As table<span className="unseen">: {title}</span>
        </button>
      </div>
      {isTable ? (
        <table className={styles.table}>
          <thead>
            <tr>
              {table.heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody suppressHydrationWarning>
            {table.rows.toReversed().map(([first, ...rest], index) => (
              <tr key={index}>
                <th scope="row">{first}</th>
                {rest.map((cell, at) => (
                  <td key={table.heads[at + 1]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <figure className={styles.figure} suppressHydrationWarning>
          <figcaption className="unseen">{summary}</figcaption>
          <div className={styles.plot} aria-hidden>
            {ticks.map((tick, index) => (
              <span key={tick} className={styles.tick} style={{ bottom: `${(index / (ticks.length - 1)) * 100}%` }}>
                {tick}
              </span>
            ))}
            <div className={styles.area}>{children}</div>
          </div>
          <div className={styles.labels} aria-hidden>
            {labels.map((label) => (
              <span key={label}>{label}</span>
            ))}
          </div>
        </figure>
      )}
    </section>
  )
}
