import { launch, reset } from './launch'
import type { Environment } from './processes'
import { Terminal } from './terminal'

/** One Ctrl-C can arrive twice: from the terminal, and passed on by npm. */
const SAME_CTRL_C_MS = 1_000

/** The launcher itself, called by start.mjs. */
export async function main(args: string[], environment: Environment): Promise<void> {
  const terminal = new Terminal(process.stdout, environment)
  if (args.includes('--reset')) process.exit(await reset({ environment, terminal }))

  const stop = new AbortController()
  const hurry = new AbortController()
  let stoppedAt = 0
  const onSignal = () => {
    if (!stop.signal.aborted) {
      stoppedAt = performance.now()
      terminal.line()
      terminal.line('  Stopping (Ctrl-C again: at once)')
      stop.abort()
    } else if (performance.now() - stoppedAt > SAME_CTRL_C_MS) hurry.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  if (environment['npm_lifecycle_event']) whenOrphaned(onSignal)
  const dev = args.includes('--dev')
  process.exit(await launch({ environment, terminal, stop: stop.signal, hurry: hurry.signal, dev }))
}

/** npm can be killed without a word to us; then nobody is left who could stop the stack. */
function whenOrphaned(act: () => void): void {
  const parent = process.ppid
  const look = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(look)
    act()
  }, 250)
}
