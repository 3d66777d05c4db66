import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase, type Sql } from '@/db/client'
import { until } from '@/stack/until'
import type { Run, Scenario } from '../scenario'

const lockMs = (isFull: boolean) => (isFull ? 30_000 : 15_000)
/** A mail that has nothing to do with the locked row may lose no more than this to it. */
const othersWithinMs = 5_000

/**
 * What a person with psql can do to us: lock a row whose record is already in Kafka, leave a transaction open, and take every
 * connection that Postgres has left.
 */
export const locks: Scenario = {
  id: 'F13',
  title: 'a locked row, an open transaction, and no connection left',
  kind: { brokers: 1 },
  seconds: (_, isFull) => (isFull ? 60 : 40),
  async fault(run) {
    await run.at(0.15)
    await lockOneRow(run)
    await takeAllConnections(run)
  },
}

async function lockOneRow(run: Run): Promise<void> {
  const { rig, load, tag } = run
  const person = openDatabase({ url: rig.databaseUrl, max: 1, part: 'faults-psql', answerWithinMs: 60_000 })
  let locked = ''
  let lockedAt = 0
  try {
    // Their records are in Kafka, and no worker has come to them.
    for (const worker of rig.workers) worker.signal('SIGSTOP')
    await person.sql
      .begin(async (sql) => {
        // Ours do not live long; a person's does.
        await sql`set local idle_in_transaction_session_timeout = 0`
        await until(async () => (await queued(rig.sql, tag)) >= 10, 10_000)
        const [row] = await sql<{ id: string }[]>`
          select m.id from messages m join outbox o on o.message_id = m.id
          where m.to_address like ${`%@${tag}.example.com`} and m.status = 'queued' and m.priority = 1 and o.kind = 'send'
          order by m.id limit 1 for update of o, m`
        locked = row?.id ?? ''
        lockedAt = Date.now()
        for (const worker of rig.workers) worker.signal('SIGCONT')
        await sleep(lockMs(run.isFull))
      })
      .finally(() => rig.workers.forEach((worker) => worker.signal('SIGCONT')))
  } finally {
    await person.close()
  }
  run.bar('a row could be locked', locked !== '', locked)
  await sleep(1_000)
  const lastAt = lockedAt + lockMs(run.isFull) - othersWithinMs
  const arrivedAt = new Map(rig.smtp.accepted.map(({ id, at }) => [id, at]))
  // Low priority waits for its turn at the relay; the first second belongs to the workers that were stopped.
  const meanwhile = load.answers.filter(({ id, at }) => id && id !== locked && at > lockedAt + 1_000 && at < lastAt)
  const waits = meanwhile.map(({ id, at }) => (arrivedAt.get(id ?? '') ?? Infinity) - at)
  const slow = waits.filter((ms) => ms > othersWithinMs).length
  run.bar(
    `while a row is locked every other mail arrives within ${othersWithinMs / 1_000} s`,
    meanwhile.length > 0 && slow === 0,
    `${slow} of ${meanwhile.length} do not, the slowest takes ${(Math.max(0, ...waits) / 1_000).toFixed(1)} s`,
  )
}

async function queued(sql: Sql, tag: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from messages
    where to_address like ${`%@${tag}.example.com`} and status = 'queued' and priority = 1`
  return row?.count ?? 0
}

/** Each of them idle in a transaction, as a program leaves it that forgot to end it. */
async function takeAllConnections(run: Run): Promise<void> {
  const { rig } = run
  const greedy: { close: () => Promise<void> }[] = []
  let taken = 0
  try {
    for (;;) {
      const one = openDatabase({ url: rig.databaseUrl, max: 1, part: 'faults-greedy', answerWithinMs: 5_000 })
      greedy.push(one)
      const isIn = await one.sql`begin`.then(
        () => true,
        () => false, // there is none left
      )
      if (!isIn) break
      taken++
    }
    run.note('connections taken', String(taken))
    const from = Date.now()
    await sleep(8_000)
    const arrived = rig.smtp.accepted.filter(({ at }) => at > from).length
    run.bar('mail flows while no connection is left', arrived > 0, `${arrived} in 8 s`)
  } finally {
    await Promise.all(greedy.map((one) => one.close()))
  }
  await run.mustFlowAgain('connections were free again', 10_000)
}
