import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '@/stack/until'
import type { Run, Scenario } from '../scenario'

const backlog = 50_000
const withinMs = 5_000
const highMails = 10

/** A newsletter of 50,000 is under way, and somebody waits for a password. */
export const priority: Scenario = {
  id: 'PRIORITY',
  title: `urgent mail while ${backlog.toLocaleString('en')} low-priority mails are queued, also at 20 ms of SMTP latency`,
  kind: { brokers: 1 },
  ownRig: true,
  seconds: () => 50,
  async fault(run) {
    await run.at(0.02)
    await queueNewsletter(run)
    await until(() => run.rig.smtp.accepted.some(({ to }) => isNewsletter(run, to)), 30_000)
    await sendUrgent(run, 0)
    await sendUrgent(run, 20)
    await cancelRest(run)
  },
}

const domain = (run: Run) => `newsletter-${run.tag}.example.net`
const isNewsletter = (run: Run, to: string) => to.endsWith(`@${domain(run)}`)

/** As the API writes them, but all in one statement. */
async function queueNewsletter(run: Run): Promise<void> {
  const { rig } = run
  await rig.sql`
    with m as (
      insert into messages (type, template, to_address, from_address, subject, data, sensitive, priority, max_retries, created_by_name)
      select 'notification', 'plain', 'n' || n || '@' || ${domain(run)}, ${rig.config.SMTP_USER}, 'Newsletter',
        '{"body": "News of the month."}', false, 2, 3, 'the fault suite'
      from generate_series(1, ${backlog}) n
      returning id, due_at
    )
    insert into outbox (kind, message_id, priority, due_at, ring_at) select 'send', id, 2, due_at, now() from m`
  await rig.sql`select pg_notify('outbox', '')`
}

async function sendUrgent(run: Run, latencyMs: number): Promise<void> {
  const { rig, load, tag } = run
  rig.smtp.latencyMs = latencyMs
  // The line before the urgent ones has to be as long as it gets.
  await sleep(5_000)
  const waits: number[] = []
  const accepts: number[] = []
  for (let n = 0; n < highMails; n++) {
    const sentAt = Date.now()
    const to = `urgent${latencyMs}-${n}@${tag}.example.com`
    const { id, ms } = await load.send(to, { priority: 'high' })
    accepts.push(ms)
    const arrived = () => rig.smtp.accepted.findLast((one) => one.id === id)
    await until(() => id !== null && arrived() !== undefined, 30_000)
    waits.push((arrived()?.at ?? Infinity) - sentAt)
    await sleep(500)
  }
  const [row] = await rig.sql<{ left: number }[]>`
    select count(*)::int as left from outbox where priority = 2 and kind = 'send'`
  const slowest = Math.max(...waits)
  run.bar(
    `at ${latencyMs} ms of latency an urgent mail arrives within ${withinMs / 1_000} s`,
    slowest <= withinMs && (row?.left ?? 0) > 1_000,
    `slowest ${(slowest / 1_000).toFixed(2)} s of ${waits.length}, ${row?.left} low ones still queued`,
  )
  run.note(
    `slowest urgent mail at ${latencyMs} ms`,
    `${(slowest / 1_000).toFixed(2)} s, of which up to ${Math.max(...accepts).toFixed(0)} ms to be accepted`,
  )
}

/** The run has shown what it was for; nobody needs the rest of the newsletter. */
async function cancelRest(run: Run): Promise<void> {
  const { rig } = run
  rig.smtp.latencyMs = 0
  const left = async () => {
    await rig.sql`
      with gone as (
        delete from outbox o using messages m
        where m.id = o.message_id and o.kind = 'send' and o.hold is null and m.to_address like ${`%@${domain(run)}`}
        returning m.id
      )
      update messages set status = 'cancelled', closed_at = now() from gone where messages.id = gone.id`
    const [row] = await rig.sql<{ count: number }[]>`
      select count(*)::int as count from outbox o join messages m on m.id = o.message_id
      where m.to_address like ${`%@${domain(run)}`}`
    return row?.count ?? 0
  }
  await until(async () => (await left()) === 0, 60_000)
  const copies = rig.smtp.accepted.filter(({ to }) => isNewsletter(run, to))
  const twice = copies.length - new Set(copies.map(({ id }) => id)).size
  run.bar('no newsletter went twice', twice === 0, `${copies.length} sent, ${twice} twice`)
}
