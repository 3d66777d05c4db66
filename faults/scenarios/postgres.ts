import type { Scenario } from '../scenario'

export const restartedPostgres: Scenario = {
  id: 'F11',
  title: 'Postgres restarted (fast) and crashed (immediate) by turns',
  kind: { brokers: 1 },
  seconds: (isShort) => (isShort ? 24 : 90),
  mayRefuse: true,
  drainSeconds: 150,
  async fault(run) {
    const { rig, isShort } = run
    const times = isShort ? 3 : 8
    const starts = () => [...rig.workers, ...rig.webs.map(({ kept }) => kept)].map((kept) => kept.starts)
    const before = starts()
    for (let time = 0; time < times; time++) {
      await run.at(0.15 + (0.7 * time) / times)
      await rig.postgres.crash(time % 2 === 0 ? 'SIGINT' : 'SIGQUIT')
      await rig.postgres.untilReady()
      await run.mustFlowAgain(`Postgres is back, ${time + 1}`, 10_000)
    }
    const died = starts().filter((count, at) => count !== before[at]).length
    run.bar('no process dies of it', died === 0, `${died} did`)
    // Each worker may lose the result of what it had in the air.
    run.mayDuplicate(times * rig.workers.length * 20)
  },
  check(run) {
    const refused = run.load.answers.filter(({ id }) => id === null)
    const other = refused.filter(({ status }) => status !== 503)
    run.bar(
      'what is not accepted is answered with 503',
      other.length === 0,
      other.length === 0
        ? `${refused.length} times`
        : other
            .slice(0, 5)
            .map(({ status, what }) => `${status} ${what}`)
            .join(', '),
    )
    const slowest = Math.max(0, ...run.load.answers.map(({ ms }) => ms))
    run.bar('every request is answered within 5 s', slowest < 5_000, `slowest ${(slowest / 1_000).toFixed(1)} s`)
  },
}
