import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../load'
import type { Run, Scenario } from '../scenario'

const kind = { brokers: 1 } as const
const resumeWithinMs = 15_000

const theBroker = ({ rig }: Run) => {
  const [broker] = rig.brokers
  if (!broker) throw new Error('There is no broker')
  return broker.kept
}

export const restartedBroker: Scenario = {
  id: 'F6',
  title: 'the broker restarted, and killed (-9)',
  kind,
  seconds: (isShort) => (isShort ? 20 : 60),
  async fault(run) {
    const broker = theBroker(run)
    for (const [share, signal] of [
      [0.2, 'SIGTERM'],
      [0.6, 'SIGKILL'],
    ] as const) {
      await run.at(share)
      await broker.crash(signal)
      await broker.untilReady()
      await run.mustFlowAgain(`the broker is back after ${signal}`, resumeWithinMs)
    }
  },
}

export const brokerAway: Scenario = {
  id: 'F7',
  title: 'the broker away while mail is accepted',
  kind,
  seconds: (isShort) => (isShort ? 24 : 110),
  drainSeconds: 60,
  async fault(run) {
    const broker = theBroker(run)
    await run.at(0.3)
    const from = Date.now()
    await broker.stop('SIGTERM')
    await sleep(run.isShort ? 10_000 : 60_000)
    const backAt = Date.now()
    await broker.start()
    const flows = run.mustFlowAgain('the broker is back', resumeWithinMs)
    const meanwhile = run.load.answers.filter(({ at }) => at >= from && at < backAt)
    const accepted = meanwhile.filter(({ id }) => id !== null)
    const p99 = percentile(
      meanwhile.map(({ ms }) => ms),
      0.99,
    )
    const before = run.load.answers.filter(({ at }) => at < from).map(({ ms }) => ms)
    run.note('accept p99 before', `${Math.round(percentile(before, 0.99))} ms`)
    run.bar(
      'every request is accepted without Kafka',
      accepted.length === meanwhile.length && meanwhile.length > 0,
      `${accepted.length} of ${meanwhile.length}`,
    )
    run.bar('99 % of them are answered within 500 ms', p99 < 500, `p99 ${Math.round(p99)} ms`)
    await flows
  },
}
