import { join } from 'node:path'

import type { Commands } from '../commands'
import { launch } from '../launch'
import { repositoryRoot, type Environment } from '../processes'
import { Terminal } from '../terminal'

/** The true launcher around stand-ins for our own programs, as a process that tests can signal and kill. */
const standIn = (part: keyof Commands) => (environment: Environment) => ({
  file: process.execPath,
  args: [join(repositoryRoot, 'stack/testing/stand-in.mjs'), part],
  environment,
})
const commands: Commands = {
  catcher: standIn('catcher'),
  migrate: standIn('migrate'),
  seed: standIn('seed'),
  worker: standIn('worker'),
  web: standIn('web'),
}
const stop = new AbortController()
const hurry = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => (stop.signal.aborted ? hurry : stop).abort())
}
const terminal = new Terminal(process.stdout)
process.exit(await launch({ environment: process.env, terminal, stop: stop.signal, hurry: hurry.signal, commands }))
