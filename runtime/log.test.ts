import { execFile, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

/** What a process that logs like this writes to its stdout, line by line. */
async function written(script: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await run(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', `import { createLog } from './runtime/log.ts'\n${script}`],
    { cwd: fileURLToPath(new URL('..', import.meta.url)) },
  )
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

test(
  'what must not be read is hidden, at the top and one level down; the rest is one JSON line',
  { timeout: 30_000 },
  async () => {
    const [secrets, plain, ...more] = await written(`
    const log = createLog('web', 'info')
    const secret = 'canary'
    const carried = { authorization: secret, cookie: secret, password: secret, token: secret, secret }
    log.info({ ...carried, data: { body: secret }, user: { ...carried, id: 7 }, headers: carried }, 'Answered')
    log.warn({ messageId: 'm1', ms: 7 }, 'One\\r\\nline')
    log.debug('Not at this level')
    createLog('web', 'silent').fatal('Never')
  `)
    const hidden = { authorization: 'hidden', cookie: 'hidden', password: 'hidden', token: 'hidden', secret: 'hidden' }
    expect(secrets).toMatchObject({ ...hidden, data: 'hidden', user: { ...hidden, id: 7 }, headers: hidden })
    expect(JSON.stringify(secrets)).not.toContain('canary')
    expect(plain).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      part: 'web',
      messageId: 'm1',
      ms: 7,
      msg: 'One\r\nline',
    })
    expect(more).toEqual([])
  },
)

test.runIf(existsSync('/dev/full'))('a full disk under the log disturbs nobody who logs', { timeout: 30_000 }, () => {
  const script = `
    const { createLog } = await import('./runtime/log.ts')
    const log = createLog('test', 'info')
    for (let n = 0; n < 3; n++) log.info({ n }, 'on a full disk')
    setTimeout(() => {
      log.info('still')
      process.stderr.write('goes on')
    }, 20)`
  const full = openSync('/dev/full', 'w')
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
    timeout: 20_000,
  })
  closeSync(full)
  expect(stderr).toBe('goes on')
  expect(status).toBe(0)
})
