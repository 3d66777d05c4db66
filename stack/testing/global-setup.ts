import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import postgres from 'postgres'
import type { TestProject } from 'vitest/node'

import { isKafkaReady, kafkaEnding, keepClassArchive, prepareKafka } from '@/stack/kafka/broker'

import { freePort } from '../ports'
import { databaseUrl, isPostgresReady, postgresEnding, preparePostgres } from '../postgres'
import { lastLines, Processes, repositoryRoot, type Process } from '../processes'
import { until } from '../until'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server, with its administrative database. */
    databaseUrl: string
    /** A migrated, empty database that is only ever cloned. */
    templateDatabase: string
    /** host:port */
    brokers: string
  }
}

const TEMPLATE = 'test_template'

/** One real PostgreSQL 18 and one real Kafka for all integration tests, on free ports, gone with vitest however it ends. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'usual-store-test-'))
  const processes = new Processes(folder)
  await processes.open()
  try {
    const [server, brokers] = await Promise.all([startPostgres(processes, folder), startKafka(processes, folder)])
    project.provide('databaseUrl', server)
    project.provide('templateDatabase', TEMPLATE)
    project.provide('brokers', brokers)
  } catch (error) {
    await processes.end()
    throw error
  }
  return async () => {
    await processes.end()
    rmSync(folder, { recursive: true })
  }
}

async function startPostgres(processes: Processes, folder: string): Promise<string> {
  const port = await freePort()
  const password = randomBytes(16).toString('hex')
  const options = { folder: join(folder, 'postgres'), port, password, durable: false, maxConnections: 300 }
  const command = await preparePostgres(processes, options)
  const child = await processes.start('postgres', command, { order: 2, ...postgresEnding })
  await untilReady(child, () => isPostgresReady(options.folder, child))
  const server = databaseUrl(options, 'postgres')
  const sql = postgres(server, { max: 1 })
  await sql.unsafe(`create database ${TEMPLATE}`)
  await sql.end()
  const migration = join(repositoryRoot, 'db/migrate.ts')
  if (existsSync(migration)) {
    await processes.run('migrate', {
      file: process.execPath,
      args: ['--import', 'tsx', migration],
      cwd: repositoryRoot,
      environment: { PATH: process.env['PATH'], DATABASE_URL: databaseUrl(options, TEMPLATE), APP_ENV: 'local' },
    })
  }
  return server
}

async function startKafka(processes: Processes, folder: string): Promise<string> {
  const port = await freePort()
  const command = await prepareKafka(processes, {
    folder: join(folder, 'kafka'),
    port,
    controllerPort: await freePort(),
    environment: process.env,
  })
  const child = await processes.start('kafka', command, { order: 1, ...kafkaEnding })
  void child.exited.then((exit) => keepClassArchive(command, exit))
  await untilReady(child, () => isKafkaReady(child))
  return `127.0.0.1:${port}`
}

async function untilReady(child: Process, isReady: () => boolean): Promise<void> {
  const exited = child.exited.then(() => 'exited' as const)
  if ((await Promise.race([until(isReady, 60_000), exited])) !== true) {
    throw new Error(`A test service did not come up.${lastLines(child)}`)
  }
}
