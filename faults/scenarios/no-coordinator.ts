import { setTimeout as sleep } from 'node:timers/promises'
import { coordinatorOf } from '../coordinator'
import type { Scenario } from '../scenario'

const withinMs = 30_000

/** First the coordinator alone: another one takes over. Then two of three brokers: there is no coordinator at all. */
export const noCoordinator: Scenario = {
  id: 'F9',
  title: "the group's coordinator killed; then no coordinator at all, two of three brokers being away",
  kind: { brokers: 3 },
  seconds: (_, isFull) => (isFull ? 190 : 75),
  async fault(run) {
    const { rig, isFull } = run
    const awayMs = isFull ? 60_000 : 20_000
    await run.at(0.1)
    const first = await coordinatorOf(rig)
    const starts = rig.workers.map((worker) => worker.starts)
    const killedAt = Date.now()
    await first.kept.stop('SIGKILL')
    await run.mustFlowAgain('the coordinator was killed', withinMs)
    await sleep(Math.max(0, killedAt + awayMs - Date.now()))
    await first.kept.start()

    const second = await coordinatorOf(rig)
    const other = rig.brokers.find(({ id }) => id !== second.id)
    const both = [second, ...(other ? [other] : [])]
    await Promise.all(both.map(({ kept }) => kept.stop('SIGKILL')))
    await sleep(awayMs)
    await Promise.all(both.map(({ kept }) => kept.start()))
    await run.mustFlowAgain('two of three brokers came back', withinMs)
    const restarts = rig.workers.reduce((sum, worker, at) => sum + worker.starts - (starts[at] ?? 0), 0)
    run.note('workers that ended and came back', String(restarts))
  },
}
