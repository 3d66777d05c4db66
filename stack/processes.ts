import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { StackFault } from './fault'

export type Environment = Record<string, string | undefined>

/** What to run. `uid` and `gid` only where root steps down to another user. */
export type Command = {
  file: string
  args: string[]
  environment?: Environment
  cwd?: string
  input?: string
  uid?: number
  gid?: number
}

/** How and when a process is ended: lower orders first, all of one order together. */
export type Ending = { order: number; signal: NodeJS.Signals; graceMs: number }

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

/** A child process with its log. */
export type Process = { pid: number; log: string; logStart: number; exited: Promise<Exit>; kill(): void }

const AT_ONCE: Ending = { order: 0, signal: 'SIGTERM', graceMs: 500 }
const LOG_LIMIT_BYTES = 20_000_000
const guardScript = fileURLToPath(new URL('guard.mjs', import.meta.url))

/**
 * Starts processes so that none outlives this one: each is told to the guard of `folder` (guard.mjs) the moment it exists.
 * Each gets its own process group, so that the terminal's Ctrl-C reaches only us, and writes its own log file, so that it
 * does not lose its output (or its life, by EPIPE) with us.
 */
export class Processes {
  #guard: ChildProcess | undefined
  #ending = false
  #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Takes the folder; waits while a former stack is still being ended there, and refuses while one runs. */
  async open(): Promise<void> {
    mkdirSync(join(this.#folder, 'logs'), { recursive: true, mode: 0o700 })
    const guard = spawn(process.execPath, [guardScript, this.#folder, String(process.pid)], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#guard = guard
    guard.stdin.on('error', () => {}) // it was killed: the exit below starts another one
    for await (const line of createInterface({ input: guard.stdout })) {
      const answer = JSON.parse(line) as { ready?: true; busy?: number }
      if (answer.ready) {
        guard.once('exit', () => {
          this.#guard = undefined
          if (!this.#ending) void this.open()
        })
        return
      }
      this.#ending = true
      throw new StackFault(
        `A stack already runs on ${this.#folder} (pid ${answer.busy}): stop it first, or give this one its own folder with STACK_DIR.`,
      )
    }
    throw new Error(`The guard of ${this.#folder} did not start.`)
  }

  /** Starts one process; its output goes to `logs/<name>.log`. */
  async start(name: string, command: Command, ending: Ending = AT_ONCE): Promise<Process> {
    if (this.#ending) throw new StackFault('The stack is being stopped.')
    const log = join(this.#folder, 'logs', `${name}.log`)
    if (existsSync(log) && statSync(log).size > LOG_LIMIT_BYTES) renameSync(log, `${log}.1`)
    const output = openSync(log, 'a', 0o600)
    const logStart = statSync(log).size
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: forSpawn(command.environment),
      detached: true,
      stdio: [command.input === undefined ? 'ignore' : 'pipe', output, output],
      uid: command.uid,
      gid: command.gid,
    })
    if (child.pid !== undefined) this.#tell({ watch: { pid: child.pid, name, ...ending } })
    closeSync(output)
    const exited = new Promise<Exit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
    await once(child, 'spawn')
    const pid = child.pid as number
    child.stdin?.end(command.input)
    return { pid, log, logStart, exited, kill: () => killGroup(pid) }
  }

  /** Runs one command to its end. */
  async run(name: string, command: Command): Promise<void> {
    const child = await this.start(name, command)
    const exit = await child.exited
    if (exit.code !== 0) throw new StackFault(`${name} failed (${describeExit(exit)}).${lastLines(child)}`)
  }

  /** Ends all in order; resolves when none is left. */
  async end(): Promise<void> {
    this.#ending = true
    const guard = this.#guard
    if (!guard) return
    const exited = once(guard, 'exit')
    this.#tell({ end: true })
    await exited
  }

  /** No more patience: what still runs is killed. */
  hurry(): void {
    this.#tell({ hurry: true })
  }

  #tell(line: object): void {
    this.#guard?.stdin?.write(`${JSON.stringify(line)}\n`)
  }
}

export const describeExit = ({ code, signal }: Exit) => (signal ? `ended by ${signal}` : `exit code ${code}`)

/** What this run of a process wrote. */
export function outputOf({ log, logStart }: Pick<Process, 'log' | 'logStart'>): string {
  const file = openSync(log, 'r')
  try {
    const output = Buffer.alloc(Math.max(0, fstatSync(file).size - logStart))
    return output.toString('utf8', 0, readSync(file, output, 0, output.length, logStart))
  } finally {
    closeSync(file)
  }
}

/** The end of its output, ready to follow a sentence. */
export function lastLines(child: Pick<Process, 'log' | 'logStart'>, count = 8): string {
  const lines = outputOf(child).trimEnd().split('\n').slice(-count)
  return ` Its log is ${child.log}${lines[0] ? `, and ends with:\n${lines.map((line) => `    ${line.slice(0, 300)}`).join('\n')}` : ' (empty).'}`
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it ended in the meantime
  }
}

/** Next.js declares NODE_ENV as always set, which holds for its own process only. */
export const forSpawn = (environment: Environment | undefined) => environment as NodeJS.ProcessEnv | undefined

/** The folder this clone lies in. */
export const repositoryRoot = dirname(dirname(fileURLToPath(import.meta.url)))
