import { setTimeout as sleep } from 'node:timers/promises'

import { StackFault } from './fault'
import {
  describeExit,
  lastLines,
  type Command,
  type Ending,
  type Exit,
  type Process,
  type Processes,
} from './processes'
import { until } from './until'

/** One long-running process of the stack. */
export type Part = {
  /** Its log is `logs/<name>.log`. */
  name: string
  title: string
  /** Called before every start, also the ones after a crash. */
  prepare: () => Command | Promise<Command>
  isReady: (child: Process) => boolean | Promise<boolean>
  onExit?: (command: Command, exit: Exit) => void
  ending: Ending
}

export type Watch = { onPid: (pid: number) => void; say: (line: string) => void; isStopping: () => boolean }

const READY_WITHIN_MS = 90_000
/** A part that ran this long was well: the next wait is short again. */
const WELL_AFTER_MS = 10_000

/** Waits between two tries to bring a part back: 0.2 s, doubling to 5 s. */
export const restartDelayMs = (failures: number) => Math.min(200 * 2 ** failures, 5_000)

/** Resolves when the part is ready for the first time; from then on starts it again whenever it dies. */
export async function keepUp(processes: Processes, part: Part, watch: Watch): Promise<void> {
  const child = await bringUp(processes, part)
  watch.onPid(child.pid)
  void restartForever(processes, part, watch, child)
}

async function restartForever(processes: Processes, part: Part, watch: Watch, first: Process): Promise<void> {
  let child = first
  let failures = 0
  for (;;) {
    const upAt = performance.now()
    const exit = await child.exited
    if (watch.isStopping()) return
    const diedAt = performance.now()
    if (diedAt - upAt > WELL_AFTER_MS) failures = 0
    watch.say(`${part.title} died (${describeExit(exit)}): starting it again`)
    for (;;) {
      await sleep(restartDelayMs(failures++))
      if (watch.isStopping()) return
      try {
        child = await bringUp(processes, part)
        break
      } catch (error) {
        if (watch.isStopping()) return
        watch.say(`${part.title} is not back yet: ${(error as Error).message}`)
      }
    }
    watch.onPid(child.pid)
    watch.say(`${part.title} is back after ${((performance.now() - diedAt) / 1000).toFixed(1)} s`)
  }
}

async function bringUp(processes: Processes, part: Part): Promise<Process> {
  const command = await part.prepare()
  const child = await processes.start(part.name, command, part.ending)
  void child.exited.then((exit) => part.onExit?.(command, exit))
  const ready = until(() => part.isReady(child), READY_WITHIN_MS)
  const outcome = await Promise.race([ready, child.exited])
  if (outcome === true) return child
  child.kill()
  const what =
    outcome === false ? `was not ready within ${READY_WITHIN_MS / 1000} s` : `stopped (${describeExit(outcome)})`
  throw new StackFault(`${part.title} did not come up: it ${what}.${lastLines(child)}`)
}
