import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@/stack/until'
import type { Broker } from '../rig'
import type { Run, Scenario } from '../scenario'
import { killWorkers, proxied } from '../strike'
import { readTopics } from '../topics'

const isRefused = (to: string) => to.startsWith('no')

/**
 * The instant between Kafka's acknowledgement and whatever the relay does with it: every byte takes 0.4 s to and from Kafka, so
 * when the topic has grown on disk, the acknowledgement is still under way. Then all three workers are killed with -9.
 */
export const relayKilled: Scenario = {
  id: 'F3',
  title: 'kill -9 of the relay after Kafka has its records, before it knows',
  kind: proxied,
  // Low priority goes by the relay alone. One in ten is refused, so that notices for email-dlq are published too.
  mix: { high: 0, low: 1, local: (n) => (n % 10 === 0 ? `no${n}` : `m${n}`) },
  allowedDead: ['refused'],
  seconds: () => 30,
  async fault(run) {
    const { rig } = run
    rig.smtp.script = ({ moment, to }) =>
      moment === 'rcpt' && isRefused(to) ? { kind: 'reply', code: 550, text: 'not here' } : { kind: 'go_on' }
    const broker = rig.brokers[0]
    if (!broker) throw new Error('There is no broker')
    const topics = [rig.config.KAFKA_TOPIC, rig.config.KAFKA_DLQ_TOPIC]
    for (const [at, topic] of [...topics, topics[0] ?? ''].entries()) {
      await run.at(0.2 + at * 0.3)
      await broker.proxy.set({ kind: 'delay', ms: 400 })
      // What was under way before the delay has arrived.
      await run.at(0.2 + at * 0.3 + 0.02)
      const before = bytesOf(broker, topic)
      if (!(await until(() => bytesOf(broker, topic) > before, 20_000))) throw new Error(`Nothing came to ${topic}`)
      const held = await killWorkers(run, rig.workers)
      run.note(`held at kill ${at + 1}`, String(held))
      await broker.proxy.set({ kind: 'pass' })
      await Promise.all(rig.workers.map((worker) => worker.untilReady()))
    }
  },
  check: judgeNotices,
}

async function judgeNotices(run: Run): Promise<void> {
  const { rig } = run
  const rows = await rig.sql<{ id: string }[]>`
    select id from messages where to_address like ${`%@${run.tag}.example.com`} and status = 'dead'`
  const records = await readTopics(rig.config, rig.log, [rig.config.KAFKA_TOPIC, rig.config.KAFKA_DLQ_TOPIC])
  const keysOn = (topic: string) => records.filter((record) => record.topic === topic).map(({ key }) => String(key))
  const notices = new Set(keysOn(rig.config.KAFKA_DLQ_TOPIC))
  const silent = rows.filter(({ id }) => !notices.has(id))
  run.bar('every dead letter has its notice', silent.length === 0, `${rows.length - silent.length} of ${rows.length}`)
  const ours = keysOn(rig.config.KAFKA_TOPIC).filter((key) => run.load.accepted.has(key))
  run.note('records published again', String(ours.length - new Set(ours).size))
}

/** What lies in the logs of this topic; Kafka appends a record before it acknowledges it. */
function bytesOf(broker: Broker, topic: string): number {
  return readdirSync(broker.dataFolder)
    .filter((name) => name.replace(/-\d+$/, '') === topic)
    .flatMap((name) => readdirSync(join(broker.dataFolder, name)).map((file) => join(broker.dataFolder, name, file)))
    .filter((file) => file.endsWith('.log'))
    .reduce((sum, file) => sum + statSync(file).size, 0)
}
