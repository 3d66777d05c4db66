import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '@/stack/until'
import type { Scenario } from '../scenario'
import { killWorkers } from '../strike'

const everyMs = 5_000
const stableWithinMs = 60_000

/** Every 5 s a worker leaves and joins, by turns; each of them is also killed once, the leader of the group among them. */
export const rebalances: Scenario = {
  id: 'F17',
  title: 'a storm of rebalances: every 5 s a worker leaves and joins, each is killed once',
  kind: { brokers: 1 },
  seconds: (_, isFull) => (isFull ? 305 : 50),
  async fault(run) {
    const { rig, load, mails, isFull } = run
    await run.at(0.02)
    const rounds = isFull ? 60 : 9
    const from = Date.now()
    const asked = load.asked
    for (let round = 0; round < rounds; round++) {
      const next = from + (round + 1) * everyMs
      const worker = rig.workers[round % rig.workers.length]
      if (!worker) throw new Error('There is no worker')
      // The last round of each worker kills it.
      if (round >= rounds - rig.workers.length) await killWorkers(run, [worker])
      else await worker.crash('SIGTERM')
      await sleep(Math.max(0, next - Date.now()))
    }
    const over = Date.now()
    const offered = load.asked - asked
    const arrived = rig.smtp.accepted.filter(({ at, to }) => at >= from && at < over && to.includes(`@${run.tag}.`))
    const share = arrived.length / offered
    run.note('arrived in the storm', `${Math.round(share * 100)} %`)
    run.bar(
      'in the storm at least 30 % of what was asked for arrives',
      share >= 0.3,
      `${Math.round(share * 100)} % of ${offered} in ${Math.round((over - from) / 1_000)} s`,
    )
    const isStable = await until(
      async () =>
        load.asked >= mails && (await rig.lag().catch(() => 1)) === 0 && rig.workers.every(({ isUp }) => isUp),
      stableWithinMs,
    )
    run.bar(
      `all is quiet within ${stableWithinMs / 1_000} s`,
      isStable,
      `after ${((Date.now() - over) / 1_000).toFixed(1)} s`,
    )
  },
}
