import { setTimeout as sleep } from 'node:timers/promises'
import { describeExit, lastLines, type Command, type Ending, type Process, type Processes } from '@/stack/processes'
import { until } from '@/stack/until'

type Part = {
  /** Its log is `logs/<name>.log`. */
  name: string
  command: Command
  isReady: (child: Process) => boolean | Promise<boolean>
  ending: Ending
}

const restartAfterMs = 1_000
const readyWithinMs = 120_000

/** One process under a tiny supervisor: 1 s after it has ended by itself, or was killed, it is started again. */
export class Kept {
  #child: Process | null = null
  #wanted = false
  /** When it was ready last, in epoch milliseconds. */
  readyAt = 0
  starts = 0

  constructor(
    private readonly processes: Processes,
    private readonly part: Part,
  ) {}

  get name(): string {
    return this.part.name
  }

  /** 0 while it is down. */
  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get isUp(): boolean {
    return this.#child !== null && this.readyAt > 0
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    this.#wanted = true
    if (this.#child) return
    await this.#spawn()
    await this.untilReady()
  }

  /** It is running and said that it is ready, since it was started last. */
  async untilReady(withinMs = readyWithinMs): Promise<void> {
    if (await until(() => this.isUp, withinMs)) return
    throw new Error(
      `${this.name} was not ready within ${withinMs / 1000} s.${this.#child ? lastLines(this.#child) : ''}`,
    )
  }

  /** It stays down. @returns how long it took to end, in milliseconds */
  async stop(signal: NodeJS.Signals, withinMs = 60_000): Promise<number> {
    this.#wanted = false
    return this.#end(signal, withinMs)
  }

  /** It is started again by itself. @returns how long it took to end, in milliseconds */
  async crash(signal: NodeJS.Signals, withinMs = 60_000): Promise<number> {
    return this.#end(signal, withinMs)
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#child) process.kill(this.#child.pid, signal)
  }

  async #end(signal: NodeJS.Signals, withinMs: number): Promise<number> {
    const child = this.#child
    if (!child) return 0
    const askedAt = performance.now()
    if (signal === 'SIGKILL') child.kill()
    else process.kill(child.pid, signal)
    const late = sleep(withinMs, 'late' as const)
    if ((await Promise.race([child.exited, late])) === 'late') child.kill()
    await child.exited
    return performance.now() - askedAt
  }

  async #spawn(): Promise<void> {
    const child = await this.processes.start(this.name, this.part.command, this.part.ending)
    this.#child = child
    this.readyAt = 0
    this.starts++
    void this.#restartAfter(child)
    void this.#watch(child)
  }

  async #restartAfter(child: Process): Promise<void> {
    await child.exited
    this.#child = null
    this.readyAt = 0
    await sleep(restartAfterMs)
    if (this.#wanted && !this.#child) await this.#spawn().catch(() => undefined) // the rig is being closed
  }

  async #watch(child: Process): Promise<void> {
    const exited = child.exited.then((exit) => describeExit(exit))
    const ready = await Promise.race([until(() => this.part.isReady(child), readyWithinMs), exited])
    if (ready === true && this.#child === child) this.readyAt = Date.now()
  }
}
