import { createKafka } from '@/kafka/client'
import { until } from '@/stack/until'
import type { Rig } from '../rig'
import type { Scenario } from '../scenario'
import { proxied } from '../strike'

const relayWithinMs = 30_000
const consumerWithinMs = 180_000

/**
 * A firewall has forgotten every connection to Kafka: nothing comes, nothing is closed, new ones pass. kafkajs keeps such a
 * producer's socket for ever, and a consumer's until its request times out.
 */
export const kafkaSilent: Scenario = {
  id: 'F10',
  title: 'every connection to Kafka goes silent (half-open), new ones pass',
  kind: proxied,
  // Nearly all by the relay, so that a growing topic means that the relay is back.
  mix: { high: 0, low: 1 },
  seconds: () => 30,
  drainSeconds: 240,
  async fault(run) {
    const { rig } = run
    await run.at(0.3)
    await Promise.all(rig.brokers.map(({ proxy }) => proxy.set({ kind: 'half_open' })))
    const began = performance.now()
    const flowing = run.mustFlowAgain('every connection to Kafka went silent', consumerWithinMs)
    const before = await recordsOf(rig)
    const isBack = await until(async () => (await recordsOf(rig)) >= before + 50, relayWithinMs)
    const seconds = ((performance.now() - began) / 1_000).toFixed(1)
    run.bar(`the relay publishes again within ${relayWithinMs / 1_000} s`, isBack, `${seconds} s`)
    // Only then does the rig let the forgotten connections speak again.
    await flowing
  },
}

/** By a connection of its own each time. */
async function recordsOf(rig: Rig): Promise<number> {
  const admin = createKafka(rig.config, 'faults-records', rig.log).admin()
  await admin.connect()
  try {
    const ends = await admin.fetchTopicOffsets(rig.config.KAFKA_TOPIC)
    return ends.reduce((sum, { high }) => sum + Number(high), 0)
  } finally {
    await admin.disconnect()
  }
}
