import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '@/stack/until'
import type { Scenario } from '../scenario'
import { heldBy, proxied } from '../strike'

const deadlineMs = 10_000
const answerMs = 5_000

/**
 * First the cable is pulled for 12 s: nothing reaches Postgres at all. Then a firewall forgets every connection while new
 * ones pass: only a deadline of our own finds that out.
 */
export const postgresSilent: Scenario = {
  id: 'F12',
  title: 'Postgres goes silent for 12 s; then every connection is half-open while new ones pass',
  kind: proxied,
  seconds: () => 45,
  mayRefuse: true,
  async fault(run) {
    const { rig, load } = run
    await run.at(0.2)
    const pids = rig.workers.map(({ pid }) => pid)
    run.mayDuplicate((await heldBy(rig, pids)).length + rig.workers.length * 2)
    await rig.proxies.postgres.set({ kind: 'blackhole' })
    const silentAt = Date.now()
    await sleep(12_000)
    await rig.proxies.postgres.set({ kind: 'pass' })
    await run.mustFlowAgain('Postgres could be reached again', deadlineMs)
    await sleep(5_000)
    const silent = load.answers.filter(({ at }) => at > silentAt && at < silentAt + 10_000)
    const slow = silent.filter(({ ms }) => ms > answerMs)
    const odd = silent.filter(({ status }) => ![201, 202, 503].includes(status))
    run.bar(
      `while it is silent every request is answered within ${answerMs / 1_000} s`,
      silent.length > 0 && slow.length === 0,
      `${slow.length} of ${silent.length} not, slowest ${Math.round(Math.max(0, ...silent.map(({ ms }) => ms)))} ms`,
    )
    run.bar('by a 503', odd.length === 0, [...new Set(odd.map(({ status, what }) => `${status} ${what}`))].join(', '))

    await run.at(0.6)
    run.mayDuplicate((await heldBy(rig, pids)).length + rig.workers.length * 2)
    const since = new Date().toISOString()
    await rig.proxies.postgres.set({ kind: 'half_open' })
    const began = performance.now()
    const seconds = () => ((performance.now() - began) / 1_000).toFixed(1)
    // A process that has opened a new connection has given up an old one.
    const parts = new Map<string, string>()
    await until(async () => {
      const rows = await rig.sql<{ part: string }[]>`
        select distinct case when application_name like 'worker-%' then application_name else 'web' end as part
        from pg_stat_activity
        where backend_start > ${since}::timestamptz and application_name not in ('faults', 'relay') and backend_type = 'client backend'`
      for (const { part } of rows) if (!parts.has(part)) parts.set(part, seconds())
      return parts.size >= rig.workers.length + 1
    }, deadlineMs + 2_000)
    const worst = Math.max(...[...parts.values()].map(Number), parts.size > rig.workers.length ? 0 : Infinity)
    run.note('dead connections found by the last process after', `${worst} s`)
    run.bar(
      `the deadline of queries fires within ${deadlineMs / 1_000} s in web and workers`,
      worst <= deadlineMs / 1_000,
      `${parts.size} of ${rig.workers.length + 1} processes, the last after ${worst} s`,
    )
    await run.mustFlowAgain('every process had noticed that its connections were dead', deadlineMs)
    await sleep(3_000)
  },
}
