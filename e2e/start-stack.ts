import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Launcher, stackEnvironment } from '@/stack/testing/launcher'

/** Before the first test: everything that fails is tried again soon. */
export default () => startStack({ RETRY_BASE_MS: '1000', AMBIGUOUS_WAIT_MS: '1000', LOG_LEVEL: 'debug' })

/**
 * Starts the whole product as `npm start` does, on free ports, in a folder of its own.
 * @returns what ends it
 */
export async function startStack(settings: Record<string, string>): Promise<() => Promise<void>> {
  const environment = {
    ...(await stackEnvironment()),
    ...settings,
    // As under npm: if Playwright is killed, the stack ends by itself.
    npm_lifecycle_event: 'start',
  }
  const launcher = new Launcher(environment, 'stack/start.mjs')
  const { web } = await launcher.ready(240_000)
  const file = join(environment.STACK_DIR, 'stack.json')
  process.env['E2E_STACK_FILE'] = file
  process.env['E2E_WEB'] = web
  return async () => {
    launcher.signal('SIGTERM')
    const code = await launcher.exitCode
    if (code !== 0) writeFileSync('/dev/stderr', `${launcher.output}\n`)
    rmSync(environment.STACK_DIR, { recursive: true, force: true })
  }
}
