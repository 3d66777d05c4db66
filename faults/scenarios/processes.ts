import { setTimeout as sleep } from 'node:timers/promises'
import { goOn } from '@/stack/scripted-smtp'
import { until } from '@/stack/until'
import type { Kept } from '../kept'
import { oneOf } from '../random'
import { holdMs, type Rig } from '../rig'
import type { Run, Scenario } from '../scenario'
import { heldBy, killWorkers } from '../strike'

const kind = { brokers: 1 } as const
/** `acceptMessage`: when the relay looks at a message that its request has published. */
const firstBellMs = 30_000

/** A worker that holds at least so many messages now; undefined when none does within 15 s. */
async function busyWorker({ rig, random }: Run, atLeast: number): Promise<Kept | undefined> {
  const busy: Kept[] = []
  await until(async () => {
    busy.length = 0
    for (const worker of rig.workers) {
      if (worker.isUp && (await heldBy(rig, [worker.pid])).length >= atLeast) busy.push(worker)
    }
    return busy.length > 0
  }, 15_000)
  return busy.length > 0 ? oneOf(random, busy) : undefined
}

async function whenReclaimed(rig: Rig, pid: number): Promise<number> {
  const began = performance.now()
  await until(async () => (await heldBy(rig, [pid])).length === 0, 120_000)
  return performance.now() - began
}

export const killedWorkers: Scenario = {
  id: 'F1',
  title: 'workers killed (-9) in the middle of a batch',
  kind,
  seconds: (isShort) => (isShort ? 14 : 50),
  async fault(run) {
    const { rig, isShort, random } = run
    const kills = isShort ? 3 : 10
    rig.smtp.latencyMs = 60 // a mail takes a third of a second, so that there is always something in the air
    const reclaimed: Promise<number>[] = []
    let held = 0
    for (let kill = 0; kill < kills; kill++) {
      await run.at(0.15 + (0.6 * kill) / kills)
      await sleep(random() * 1_000)
      const worker = await busyWorker(run, 2)
      if (!worker) break
      const { pid } = worker
      held += await killWorkers(run, [worker])
      reclaimed.push(whenReclaimed(rig, pid))
    }
    rig.smtp.latencyMs = 0
    const slowest = Math.max(0, ...(await Promise.all(reclaimed)))
    run.note('killed', `${reclaimed.length}, with ${held} messages in hand`)
    run.bar('as many workers were killed as meant', reclaimed.length === kills, `${reclaimed.length} of ${kills}`)
    // Looked for when its bell is due: 30 s after it was accepted, or when its hold ends. And 15 s, as the plan gives.
    const withinMs = Math.max(holdMs, firstBellMs) + 15_000
    run.bar(
      `what they held is taken over within ${withinMs / 1_000} s`,
      slowest <= withinMs,
      `${(slowest / 1_000).toFixed(1)} s`,
    )
  },
}

/**
 * The two instants at which nobody can know: the mail is accepted and the reply not read, the reply is read and the result not
 * recorded. Both must be flagged, and sent once more.
 */
export const killedAfterTheDot: Scenario = {
  id: 'F2',
  title: 'workers killed between the final dot and 250, and between 250 and the commit',
  kind,
  seconds: (isShort) => (isShort ? 14 : 50),
  async fault(run) {
    const times = run.isShort ? 1 : 5
    // A set: the second copy of one may be the very mail that is struck next.
    const struck = new Set<string>()
    for (let time = 0; time < times; time++) {
      await run.at(0.15 + (0.6 * time) / times)
      struck.add(await killBeforeReply(run))
      struck.add(await killBeforeCommit(run))
    }
    const { rig } = run
    const copies = (id: string) => rig.smtp.accepted.filter((mail) => mail.id === id).length
    await until(() => [...struck].every((id) => copies(id) >= 2), 60_000)
    const rows = await rig.sql<{ id: string; crashes: number }[]>`
      select id, crashes from messages where may_have_been_delivered and id = any(${[...struck]}::uuid[])`
    run.bar('each of them is flagged', rows.length === struck.size, `${rows.length} of ${struck.size}`)
    // A second copy may be in the air when the next worker is killed, and is then lost to it too.
    run.bar(
      'each of them was sent once more for every worker that it lost',
      rows.every(({ id, crashes }) => copies(id) >= 2 && copies(id) <= 1 + crashes),
      `copies: ${[...struck].map(copies).join(', ')}`,
    )
  },
}

/** The next mail is accepted, and its reply kept back until this resolves. */
async function acceptLate({ rig, tag }: Run, reply: Promise<void>): Promise<string> {
  let taken = ''
  rig.smtp.script = ({ moment, to, id }) => {
    if (moment !== 'dot' || taken !== '' || !to.includes(tag)) return goOn
    taken = id
    return { kind: 'accept_late', reply }
  }
  if (!(await until(() => taken !== '', 30_000))) throw new Error('No mail came to be accepted late')
  rig.smtp.behave()
  return taken
}

async function workerOf({ rig }: Run, id: string): Promise<Kept> {
  const [row] = await rig.sql<{ by: string }[]>`select held_by as by from outbox where message_id = ${id}`
  const worker = rig.workers.find(({ pid }) => row?.by.endsWith(`-${pid}`))
  if (!worker) throw new Error(`Nobody holds ${id}`)
  return worker
}

async function killBeforeReply(run: Run): Promise<string> {
  const never = new Promise<void>(() => undefined)
  const id = await acceptLate(run, never)
  await killWorkers(run, [await workerOf(run, id)])
  return id
}

async function killBeforeCommit(run: Run): Promise<string> {
  const { rig } = run
  const reply = new AbortController()
  const id = await acceptLate(run, new Promise((resolve) => reply.signal.addEventListener('abort', () => resolve())))
  await rig.sql.begin(async (sql) => {
    await sql`set local idle_in_transaction_session_timeout = 0`
    await sql`select 1 from outbox where message_id = ${id} for update`
    reply.abort()
    const isSettling = async () => {
      const waiting =
        await rig.sql`select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%jsonb_to_recordset%'`
      return waiting.length > 0
    }
    // 3 s at most: the settle gives up by itself when it is not answered.
    await until(isSettling, 3_000)
    await killWorkers(run, [await workerOf(run, id)])
    // Postgres notices only when it wants to answer; the dead worker's statement must not be done after all.
    await rig.sql`select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and query like '%jsonb_to_recordset%'`
  })
  return id
}

export const killedWeb: Scenario = {
  id: 'F4',
  title: 'the web process killed (-9) while it accepts',
  kind,
  seconds: (isShort) => (isShort ? 14 : 50),
  mayRefuse: true,
  async fault(run) {
    const [web] = run.rig.webs
    const kills = run.isShort ? 2 : 5
    for (let kill = 0; kill < kills; kill++) {
      await run.at(0.15 + (0.7 * kill) / kills)
      await sleep(run.random() * 700)
      await web?.kept.untilReady()
      await web?.kept.crash('SIGKILL')
    }
    run.note('killed', `${kills}`)
  },
}

/** As a rolling deploy does it: the new web process is up before the old one is asked to go, workers go one after the other. */
export const gracefulDeploy: Scenario = {
  id: 'F23',
  title: 'a graceful deploy: SIGTERM to each process in turn',
  kind,
  seconds: (isShort) => (isShort ? 14 : 50),
  async fault(run) {
    const { rig } = run
    rig.smtp.latencyMs = 30
    await run.at(0.2)
    const [old] = rig.webs
    await rig.addWeb()
    // A balancer, too, sends no more requests for a while before it lets a process go.
    await sleep(2_000)
    const exits = [await (old?.kept.stop('SIGTERM') ?? 0)]
    rig.webs.shift()
    for (const worker of rig.workers) {
      exits.push(await worker.crash('SIGTERM'))
      await worker.untilReady()
    }
    rig.smtp.latencyMs = 0
    const slowest = Math.max(...exits)
    run.bar('each process ends within 30 s', slowest <= 30_000, `slowest ${(slowest / 1_000).toFixed(1)} s`)
  },
  check(run, audit) {
    run.bar('not one message is even flagged', audit.flagged === 0, `${audit.flagged}`)
  },
}
