import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario } from '../scenario'

/** What `format` writes: a broker that finds only these begins with an empty cluster, under the same id. */
const formatted = new Set(['meta.properties', 'bootstrap.checkpoint'])
const deliveredWithinMs = 300_000

export const brokerWiped: Scenario = {
  id: 'F8',
  title: "Kafka's data wiped: topics, records and offsets are gone",
  kind: { brokers: 1 },
  ownRig: true,
  seconds: () => 25,
  drainSeconds: deliveredWithinMs / 1_000,
  async fault(run) {
    const { rig } = run
    await run.at(0.4)
    const broker = rig.brokers[0]
    if (!broker) throw new Error('There is no broker')
    await broker.kept.stop('SIGKILL')
    for (const name of readdirSync(broker.dataFolder)) {
      if (!formatted.has(name)) rmSync(join(broker.dataFolder, name), { recursive: true })
    }
    await broker.kept.start()
    // Nobody makes the topics anew but the product itself.
    await run.mustFlowAgain('Kafka came back empty', deliveredWithinMs)
  },
}
