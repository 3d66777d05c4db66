import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../ports'
import {
  databaseUrl,
  isPostgresReady,
  postgresEnding,
  preparePostgres,
  removePostgres,
  type PostgresOptions,
} from '../postgres'
import { lastLines, Processes, repositoryRoot, type Process } from '../processes'
import { until } from '../until'

/**
 * A migrated PostgreSQL of a test's own, which may be stopped and started. Durable, unlike the one that all tests share: there
 * a crash loses what was committed last.
 */
export async function startOwnPostgres(more: Pick<PostgresOptions, 'certificate' | 'durable'> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'usual-store-own-postgres-'))
  const processes = new Processes(folder)
  await processes.open()
  const options = { folder: join(folder, 'postgres'), port: await freePort(), password: 'secret', ...more }
  let child: Process

  async function start(): Promise<void> {
    const command = await preparePostgres(processes, options)
    child = await processes.start('postgres', command, { order: 1, ...postgresEnding })
    if (!(await until(() => isPostgresReady(options.folder, child), 60_000))) throw new Error(lastLines(child))
  }
  await start()
  const url = databaseUrl(options)
  await processes.run('migrate', {
    file: process.execPath,
    args: ['--import', 'tsx', join(repositoryRoot, 'db/migrate.ts')],
    cwd: repositoryRoot,
    environment: { PATH: process.env['PATH'], DATABASE_URL: url, APP_ENV: 'local' },
  })

  return {
    url,
    port: options.port,
    start,
    /** "immediate" is a crash: nothing is finished, and the next start recovers. */
    async stop(mode: 'fast' | 'immediate'): Promise<void> {
      process.kill(child.pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
      await child.exited
    },
    async close(): Promise<void> {
      await processes.end()
      removePostgres(options.folder)
      rmSync(folder, { recursive: true })
    },
  }
}
