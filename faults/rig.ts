import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SecureContext } from 'node:tls'
import { openDatabase, type Database, type Sql } from '@/db/client'
import { LagReader } from '@/kafka/lag'
import { readWorkerConfig, type WorkerConfig } from '@/runtime/config'
import { createLog } from '@/runtime/log'
import { buildWhenChanged } from '@/stack/build'
import { createAuthority } from '@/stack/certificates'
import { builtCommands, LOGIN } from '@/stack/commands'
import { isKafkaReady, kafkaEnding, newClusterId, prepareKafka } from '@/stack/kafka/broker'
import { replicated } from '@/stack/kafka/cluster'
import { freePort } from '@/stack/ports'
import { databaseUrl, isPostgresReady, postgresEnding, preparePostgres } from '@/stack/postgres'
import { Processes, type Command, type Environment } from '@/stack/processes'
import { TcpProxy } from '@/stack/tcp-proxy'
import { Kept } from './kept'
import { ScriptedSmtp } from '@/stack/scripted-smtp'

/** What a scenario needs to find. Scenarios of one kind share a rig, for its start costs more than many a fault. */
export type RigKind = {
  brokers: 1 | 3
  /**
   * TCP proxies before Postgres, Kafka and the SMTP server. Only where a fault needs them: every hop more is one more process
   * that a small machine has to wake up.
   */
  proxied?: boolean
  /** The SMTP server asks for STARTTLS and a sign-in. */
  secured?: boolean
  /** For the workers, beside what every rig sets. */
  worker?: Record<string, string>
}

/**
 * Spans that no fault here is about, shortened so that a run ends soon: a lost hold is found after 15 s instead of 60 s, failed
 * tries wait 1, 4 and 16 s instead of 0.5, 2 and 8 min, a doubtful one 4 s instead of 5 min, a broken server is probed after 1 s.
 */
const hastened = {
  HOLD_MS: '15000',
  RETRY_BASE_MS: '1000',
  AMBIGUOUS_WAIT_MS: '4000',
  BREAKER_PROBE_MS: '1000',
}
export const holdMs = Number(hastened.HOLD_MS)
export const retryBaseMs = Number(hastened.RETRY_BASE_MS)

export type Broker = {
  id: number
  /** Where clients reach it. */ port: number
  kept: Kept
  proxy: TcpProxy
  dataFolder: string
}

/** The product as it runs elsewhere, real processes all. */
export class Rig {
  private constructor(
    readonly kind: RigKind,
    readonly folder: string,
    readonly processes: Processes,
    readonly brokers: Broker[],
    readonly postgres: Kept,
    readonly proxies: { postgres: TcpProxy; smtp: TcpProxy },
    readonly smtp: ScriptedSmtp,
    readonly certificates: Certificates | null,
    /** Of a worker; the rig's own tools read it too. */
    readonly environment: Record<string, string>,
    /** With which a web process comes into the database. */
    private readonly webDatabaseUrl: string,
    readonly apiKey: string,
    readonly databaseUrl: string,
    readonly db: Database,
    readonly sql: Sql,
    private readonly closeDatabase: () => Promise<void>,
  ) {
    this.config = readWorkerConfig(environment)
    this.#lag = new LagReader(this.config, this.log)
  }

  readonly config: WorkerConfig
  readonly log = createLog('faults', 'silent')
  readonly #lag: LagReader
  readonly workers: Kept[] = []
  /** Mounted by a scenario below its folder. */
  readonly mounts: string[] = []
  /** The web processes; the load goes to the last one that is up. */
  readonly webs: { kept: Kept; port: number }[] = []

  static async open(kind: RigKind, say: (line: string) => void): Promise<Rig> {
    const folder = mkdtempSync(join(tmpdir(), 'usual-store-faults-'))
    const processes = new Processes(folder)
    await processes.open()
    try {
      return await Rig.#start(kind, folder, processes, say)
    } catch (error) {
      await processes.end()
      throw error
    }
  }

  static async #start(kind: RigKind, folder: string, processes: Processes, say: (line: string) => void): Promise<Rig> {
    await buildWhenChanged(processes, process.env, () => say('building the web app and the worker, about a minute'))
    const password = randomBytes(16).toString('hex')
    const [postgres, brokers] = await Promise.all([
      startPostgres(processes, folder, password),
      startKafka(processes, folder, kind),
    ])
    const smtp = new ScriptedSmtp(await freePort(), join(folder, 'accepted-by-smtp.csv'))
    const certificates = kind.secured ? certificatesIn(join(folder, 'certificates')) : null
    if (certificates) {
      smtp.certificate = certificates.good
      smtp.credentials = signIn
    }
    await smtp.listen()
    const proxies = {
      postgres: await TcpProxy.start({ port: await freePort(), target: { host: '127.0.0.1', port: postgres.port } }),
      smtp: await TcpProxy.start({ port: await freePort(), target: { host: '127.0.0.1', port: smtp.port } }),
    }
    // Each comes into the database as it does elsewhere, with a login that may do no more than its work.
    const logins = {
      app: { user: 'usual_store_app_login', password: randomBytes(16).toString('hex') },
      worker: { user: 'usual_store_worker_login', password: randomBytes(16).toString('hex') },
    }
    const addressOf = (login: { user: string; password: string }) =>
      databaseUrl({ port: kind.proxied ? proxies.postgres.port : postgres.port, ...login })
    const environment: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      APP_ENV: 'local',
      LOG_LEVEL: 'info',
      DATABASE_URL: addressOf(logins.worker),
      KAFKA_BROKERS: brokers.map(({ port }) => `127.0.0.1:${port}`).join(','),
      KAFKA_REPLICATION: String(kind.brokers),
      SECRETS_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      SIGNING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      NEXTAUTH_SECRET: randomBytes(32).toString('hex'),
      SMTP_HOST: certificates ? 'localhost' : '127.0.0.1',
      SMTP_PORT: String(kind.proxied ? proxies.smtp.port : smtp.port),
      ...(certificates && {
        SMTP_REQUIRE_TLS: 'true',
        SMTP_USERNAME: signIn.user,
        SMTP_PASSWORD: signIn.password,
        NODE_EXTRA_CA_CERTS: certificates.authority,
      }),
      ...hastened,
      ...kind.worker,
    }
    const apiKey = `usk_${randomBytes(20).toString('hex')}`
    const direct = databaseUrl({ port: postgres.port, password })
    await processes.run(
      'migrate',
      builtCommands.migrate({
        ...environment,
        DATABASE_URL: direct,
        APP_DATABASE_URL: addressOf(logins.app),
        WORKER_DATABASE_URL: addressOf(logins.worker),
      }),
    )
    await processes.run(
      'seed',
      builtCommands.seed({
        ...environment,
        DATABASE_URL: direct,
        LOCAL_ADMIN_EMAIL: LOGIN.email,
        LOCAL_ADMIN_PASSWORD: LOGIN.password,
        LOCAL_API_KEY: apiKey,
      }),
    )
    const { db, sql, close } = openDatabase({ url: direct, max: 4, part: 'faults', answerWithinMs: 60_000 })
    const rig = new Rig(
      kind,
      folder,
      processes,
      brokers,
      postgres.kept,
      proxies,
      smtp,
      certificates,
      environment,
      addressOf(logins.app),
      apiKey,
      direct,
      db,
      sql,
      close,
    )
    await Promise.all([rig.addWeb(), ...[1, 2, 3].map(() => rig.addWorker())])
    return rig
  }

  /** One more worker, in the same group unless told otherwise. */
  async addWorker(more: Record<string, string> = {}, wrap = (command: Command) => command): Promise<Kept> {
    const port = await freePort()
    const worker = new Kept(this.processes, {
      name: `worker-${this.workers.length + 1}`,
      command: wrap(builtCommands.worker({ ...this.environment, WORKER_PORT: String(port), ...more })),
      isReady: () => answers(`http://127.0.0.1:${port}/readyz`),
      ending: { order: 1, signal: 'SIGTERM', graceMs: 500 },
    })
    this.workers.push(worker)
    await worker.start()
    return worker
  }

  async removeWorker(worker: Kept, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await worker.stop(signal)
    this.workers.splice(this.workers.indexOf(worker), 1)
  }

  async addWeb(): Promise<Kept> {
    const port = await freePort()
    const kept = new Kept(this.processes, {
      name: `web-${port}`,
      command: builtCommands.web({
        ...this.environment,
        DATABASE_URL: this.webDatabaseUrl,
        PORT: String(port),
        HOSTNAME: '127.0.0.1',
        WEB_PORT: String(port),
        NEXTAUTH_URL: `http://localhost:${port}`,
      }),
      isReady: () => answers(`http://127.0.0.1:${port}/api/health`),
      ending: { order: 1, signal: 'SIGTERM', graceMs: 500 },
    })
    await kept.start()
    this.webs.push({ kept, port })
    return kept
  }

  /** Where requests go now, as a balancer would choose. */
  webPort(): number {
    const web = this.webs.findLast(({ kept }) => kept.isUp) ?? this.webs.at(-1)
    if (!web) throw new Error('There is no web process')
    return web.port
  }

  /** Records that the group has not done yet. */
  async lag(): Promise<number> {
    return (await this.#lag.read()).total
  }

  /** Everything runs, nothing misbehaves. */
  async repair(): Promise<void> {
    this.smtp.behave()
    await this.smtp.listen()
    await Promise.all([
      this.proxies.postgres.set({ kind: 'pass' }),
      this.proxies.smtp.set({ kind: 'pass' }),
      ...this.brokers.map(({ proxy }) => proxy.set({ kind: 'pass' })),
    ])
    await Promise.all([this.postgres.start(), ...this.brokers.map(({ kept }) => kept.start())])
    await Promise.all([...this.workers, ...this.webs.map(({ kept }) => kept)].map((kept) => kept.start()))
    await Promise.all([...this.workers, ...this.webs.map(({ kept }) => kept)].map((kept) => kept.untilReady()))
  }

  /** @param keep its folder stays, with the logs, to be looked at */
  async close(keep: boolean): Promise<void> {
    await this.#lag.close()
    await this.closeDatabase()
    await this.processes.end()
    await Promise.all([
      this.proxies.postgres.close(),
      this.proxies.smtp.close(),
      ...this.brokers.map(({ proxy }) => proxy.close()),
    ])
    await this.smtp.close()
    if (!keep) for (const mount of this.mounts) spawnSync('umount', [mount])
    if (!keep) rmSync(this.folder, { recursive: true, force: true })
  }
}

type Certificates = { authority: string; good: SecureContext; expired: SecureContext }

function certificatesIn(folder: string): Certificates {
  const authority = createAuthority(folder)
  return {
    authority: authority.file,
    good: authority.issue('good').context,
    expired: authority.issue('expired', { expired: true }).context,
  }
}

export const signIn = { user: 'usual-store', password: randomBytes(12).toString('hex') }

async function startPostgres(
  processes: Processes,
  folder: string,
  password: string,
): Promise<{ kept: Kept; port: number }> {
  const options = { folder: join(folder, 'postgres'), port: await freePort(), password, maxConnections: 100 }
  const command = await preparePostgres(processes, options)
  const kept = new Kept(processes, {
    name: 'postgres',
    command,
    isReady: (child) => isPostgresReady(options.folder, child),
    ending: { order: 3, ...postgresEnding },
  })
  await kept.start()
  return { kept, port: options.port }
}

/** Clients are told to come through the proxy, if there is to be one; brokers speak to each other without it. */
async function startKafka(processes: Processes, folder: string, kind: RigKind): Promise<Broker[]> {
  const nodes: { id: number; port: number; innerPort: number; proxyPort: number; controllerPort: number }[] = []
  for (let id = 1; id <= kind.brokers; id++) {
    const [port, innerPort, proxyPort, controllerPort] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ]
    nodes.push({ id, port, innerPort, proxyPort, controllerPort })
  }
  const clusterId = newClusterId()
  const brokers: Broker[] = []
  for (const { id, port, innerPort, proxyPort, controllerPort } of nodes) {
    const own = join(folder, `kafka-${id}`)
    const reachedAt = kind.proxied ? proxyPort : port
    const settings = {
      listeners: `PLAINTEXT://127.0.0.1:${port},INNER://127.0.0.1:${innerPort},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${reachedAt},INNER://127.0.0.1:${innerPort}`,
      'inter.broker.listener.name': 'INNER',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,INNER:PLAINTEXT',
      ...(kind.brokers === 3 && replicated),
    }
    const command = await prepareKafka(processes, {
      folder: own,
      port,
      controllerPort,
      environment: environmentOfJava(),
      member: { id, nodes, clusterId, settings },
    })
    const kept = new Kept(processes, {
      name: `kafka-${id}`,
      command,
      isReady: isKafkaReady,
      ending: { order: 2, ...kafkaEnding },
    })
    const proxy = await TcpProxy.start({ port: proxyPort, target: { host: '127.0.0.1', port } })
    brokers.push({ id, port: reachedAt, kept, proxy, dataFolder: join(own, 'data') })
  }
  await Promise.all(brokers.map(({ kept }) => kept.start()))
  return brokers
}

const environmentOfJava = (): Environment => ({
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  JAVA_HOME: process.env['JAVA_HOME'],
})

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    await answer.body?.cancel()
    return answer.status === 200
  } catch {
    return false // not listening yet
  }
}
