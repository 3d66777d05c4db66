import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { StackFile } from '../folder'
import { freePort } from '../ports'
import { forSpawn, repositoryRoot, type Environment } from '../processes'
import { until } from '../until'

const PORTS = [
  'WEB_PORT',
  'API_PORT',
  'WORKER_PORT',
  'KAFKA_PORT',
  'KAFKA_CONTROLLER_PORT',
  'POSTGRES_PORT',
  'MAIL_SMTP_PORT',
  'MAIL_UI_PORT',
] as const

/** Free ports and a fresh folder (mode 0700) for one stack. */
export async function stackEnvironment(): Promise<Record<(typeof PORTS)[number] | 'STACK_DIR', string>> {
  const ports = await Promise.all(PORTS.map(async (name) => [name, String(await freePort())] as const))
  return { ...Object.fromEntries(ports), STACK_DIR: mkdtempSync(join(tmpdir(), 'usual-store-stack-')) } as Awaited<
    ReturnType<typeof stackEnvironment>
  >
}

/** The true launcher as a process: around stand-ins for our own programs, or with `program` stack/start.mjs the product itself. */
export class Launcher {
  output = ''
  readonly #child: ChildProcess
  readonly #folder: string
  readonly exitCode: Promise<number | null>

  constructor(environment: Environment & { STACK_DIR: string }, program = 'stack/testing/launch-stand-ins.ts') {
    this.#folder = environment.STACK_DIR
    this.#child = spawn(process.execPath, ['--import', 'tsx', program], {
      cwd: repositoryRoot,
      // Only what it is given: the environment of a test run must not leak into the product.
      env: forSpawn({ PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const hear = (text: Buffer) => {
      this.output += text.toString()
    }
    this.#child.stdout?.on('data', hear)
    this.#child.stderr?.on('data', hear)
    this.exitCode = once(this.#child, 'close').then(([code]) => code as number | null)
  }

  async ready(timeoutMs = 45_000): Promise<StackFile> {
    const isUp = () => this.output.includes('Ctrl-C stops') || this.#child.exitCode !== null
    await until(isUp, timeoutMs)
    if (!existsSync(join(this.#folder, 'stack.json'))) throw new Error(`The stack did not come up:\n${this.output}`)
    return this.describe()
  }

  describe(): StackFile {
    return JSON.parse(readFileSync(join(this.#folder, 'stack.json'), 'utf8')) as StackFile
  }

  /** Every process that belongs to this stack, the guard too. */
  pids(): number[] {
    const guard = JSON.parse(readFileSync(join(this.#folder, 'guard.json'), 'utf8')) as {
      guard: { pid: number }
      watched: { pid: number }[]
    }
    return [guard.guard.pid, ...guard.watched.map(({ pid }) => pid)]
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // A zombie only waits for its parent to ask how it ended.
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ''
  return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z')
}
