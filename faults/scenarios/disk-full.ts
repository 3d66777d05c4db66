import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { until as becomes } from '@/stack/until'
import type { Rig } from '../rig'
import type { Run, Scenario } from '../scenario'
import { heldBy } from '../strike'
import { fill, onSmallDisk, whyNoTmpfs } from '../tmpfs'

const why = whyNoTmpfs()
const fullMs = 8_000

export const diskFull: Scenario = {
  id: 'F22',
  title: 'the disk of Postgres is full; then that of the logs; then that of Kafka',
  kind: { brokers: 1 },
  ownRig: true,
  ...(why && { notPossible: why }),
  seconds: () => 60,
  mayRefuse: true,
  prepare: putOnSmallDisks,
  async fault(run) {
    await run.at(0.1)
    await fillPostgres(run)
    await run.at(0.4)
    await fillLogs(run)
    await run.at(0.58)
    await fillKafka(run)
  },
}

async function putOnSmallDisks(rig: Rig): Promise<void> {
  const ours = [...rig.workers, ...rig.webs.map(({ kept }) => kept)]
  await Promise.all(ours.map((kept) => kept.stop('SIGTERM')))
  await Promise.all([rig.postgres.stop('SIGINT'), ...rig.brokers.map(({ kept }) => kept.stop('SIGTERM'))])
  onSmallDisk(rig, join(rig.folder, 'postgres'), 300)
  for (const { dataFolder } of rig.brokers) onSmallDisk(rig, dataFolder, 200)
  onSmallDisk(rig, join(rig.folder, 'logs'), 100)
  await rig.repair()
}

async function fillPostgres(run: Run): Promise<void> {
  const { rig, load } = run
  const pids = rig.workers.map(({ pid }) => pid)
  const giveBack = fill(join(rig.folder, 'postgres'))
  // Until even what it had set aside for its own log is used up.
  await rig.sql`create table faults_filler as select repeat(md5(n::text), 50) as text from generate_series(1, 200000) n`.then(
    () => undefined,
    () => undefined, // no space left, as intended
  )
  const from = Date.now()
  await sleep(fullMs)
  const starts = rig.postgres.starts
  const until = Date.now()
  giveBack()
  await rig.postgres.untilReady(60_000)
  await run.mustFlowAgain('Postgres had space again', 10_000)
  await rig.sql`drop table if exists faults_filler`
  run.mayDuplicate((await heldBy(rig, pids)).length + rig.workers.length * 2)
  await sleep(3_000)
  run.note('times Postgres was started', String(starts))
  const answers = load.answers.filter(({ at }) => at >= from && at < until)
  const refused = answers.filter(({ id }) => id === null)
  const odd = refused.filter(({ status }) => status !== 503)
  run.bar(
    'while the disk of Postgres is full, what is not accepted is answered with 503',
    refused.length > 0 && odd.length === 0,
    `${refused.length} of ${answers.length} refused, ${odd.length} of them otherwise: ${[...new Set(odd.map(({ status }) => status))].join(', ')}`,
  )
  const slowest = Math.max(0, ...answers.map(({ ms }) => ms))
  run.bar('within 5 s', slowest <= 5_000, `slowest ${Math.round(slowest)} ms`)
}

async function fillKafka(run: Run): Promise<void> {
  const { rig, load } = run
  const [broker] = rig.brokers
  if (!broker) throw new Error('There is no broker')
  const from = Date.now()
  const { starts } = broker.kept
  const giveBack = fill(broker.dataFolder)
  await sleep(fullMs)
  const until = Date.now()
  giveBack()
  // It gives up at its first write, but takes its time to end.
  await becomes(() => broker.kept.starts > starts && broker.kept.isUp, 60_000)
  await run.mustFlowAgain('Kafka had space again', 15_000)
  await sleep(3_000)
  const answers = load.answers.filter(({ at }) => at >= from && at < until)
  const refused = answers.filter(({ id }) => id === null)
  run.bar(
    'while the disk of Kafka is full everything is accepted',
    answers.length > 0 && refused.length === 0,
    `${answers.length - refused.length} of ${answers.length}, the broker was started ${broker.kept.starts} times`,
  )
}

async function fillLogs(run: Run): Promise<void> {
  const { rig, load } = run
  const all = [...rig.workers, ...rig.webs.map(({ kept }) => kept)]
  const starts = all.map((kept) => kept.starts)
  const from = Date.now()
  const giveBack = fill(join(rig.folder, 'logs'))
  await sleep(fullMs)
  const until = Date.now()
  const arrived = rig.smtp.accepted.filter(({ at }) => at >= from + 1_000 && at < until).length
  giveBack()
  const answers = load.answers.filter(({ at }) => at >= from && at < until)
  const refused = answers.filter(({ id }) => id === null)
  run.bar('while the disk of the logs is full mail flows', arrived > 0, `${arrived} in ${fullMs / 1_000} s`)
  run.bar('and everything is accepted', answers.length > 0 && refused.length === 0, `${refused.length} not`)
  const restarts = all.filter((kept, at) => kept.starts !== starts[at]).map(({ name }) => name)
  run.bar('and no process ends', restarts.length === 0, restarts.join(', ') || 'none')
}
