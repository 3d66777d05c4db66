import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

import { repositoryRoot, type Environment, type Processes } from './processes'
import { until } from './until'

/** Everything that ends up in the build. Not tsconfig.json: Next.js writes into it while it builds. */
const SOURCES = [
  'app',
  'server',
  'core',
  'db',
  'kafka',
  'emails',
  'worker',
  'runtime',
  'stack/catcher',
  'stack/bundle.mjs',
  'public',
  'patches',
  'instrumentation.ts',
  'proxy.ts',
  'next.config.mjs',
  'package.json',
  'package-lock.json',
]
const isTest = /\.test\.tsx?$/
const stamp = join(repositoryRoot, 'dist/sources.sha256')
const lock = join(repositoryRoot, 'node_modules/.cache/stack-build.lock')

/** Builds the web app, the worker and the scripts when their sources changed; tells whether it had to. */
export async function buildWhenChanged(
  processes: Processes,
  environment: Environment,
  onBuild: () => void,
): Promise<boolean> {
  if (isCurrent(hashSources())) return false
  onBuild()
  const unlock = await takeLock()
  try {
    const sources = hashSources()
    if (isCurrent(sources)) return true // another stack of this clone built it meanwhile
    rmSync(stamp, { force: true })
    for (const args of [[join(repositoryRoot, 'node_modules/next/dist/bin/next'), 'build'], ['stack/bundle.mjs']]) {
      await processes.run('build', {
        file: process.execPath,
        args,
        cwd: repositoryRoot,
        environment: { ...environment, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
      })
    }
    writeFileSync(stamp, sources)
    return true
  } finally {
    unlock()
  }
}

const isCurrent = (sources: string) => existsSync(stamp) && readFileSync(stamp, 'utf8') === sources

function hashSources(): string {
  const hash = createHash('sha256')
  for (const file of SOURCES.flatMap((source) => filesIn(join(repositoryRoot, source)))) {
    hash
      .update(`${relative(repositoryRoot, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesIn(path: string): string[] {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return isTest.test(path) ? [] : [path]
  return readdirSync(path)
    .toSorted()
    .flatMap((name) => filesIn(join(path, name)))
}

/** Two stacks of one clone share its build. */
async function takeLock(): Promise<() => void> {
  mkdirSync(join(lock, '..'), { recursive: true })
  await until(() => {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      if (!isRunning(Number(readFileSync(lock, 'utf8')))) rmSync(lock, { force: true })
      return false
    }
  }, Number.POSITIVE_INFINITY)
  return () => rmSync(lock, { force: true })
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false // no such process
  }
}
