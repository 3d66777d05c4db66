import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repositoryRoot } from './processes'
import { isRunning } from './testing/launcher'
import { until } from './until'

test('an installation ends with everything it started, as soon as its holder is gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'usual-store-npm-'))
  const note = join(folder, 'pid')
  // Like npm: deaf to the signal, and with a child of its own.
  writeFileSync(
    join(folder, 'npm'),
    `#!/bin/sh\ntrap '' TERM INT\nsleep 1000 &\necho $! > ${note}.new && mv ${note}.new ${note}\nwait\n`,
  )
  chmodSync(join(folder, 'npm'), 0o755)
  const install = spawn(process.execPath, [join(repositoryRoot, 'stack/npm-ci.mjs')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
  })
  expect(await until(() => existsSync(note), 10_000)).toBe(true)
  const child = Number(readFileSync(note, 'utf8'))
  expect(isRunning(child)).toBe(true)

  const exited = once(install, 'exit')
  install.stdin.destroy()
  await exited
  expect(await until(() => !isRunning(child), 5_000)).toBe(true)
  rmSync(folder, { recursive: true })
})
