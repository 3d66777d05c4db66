import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { join, resolve } from 'node:path'

import { ConfigError, readStackConfig, readWebConfig, readWorkerConfig, type StackConfig } from '@/runtime/config'

import { buildWhenChanged } from './build'
import { checkPorts, checkReachable } from './checks'
import {
  brokersOf,
  builtCommands,
  childEnvironment,
  databaseOf,
  devCommands,
  LOGIN,
  type AppPart,
  type Commands,
} from './commands'
import { StackFault } from './fault'
import { claimFolder, emptyFolder, writeStackFile, type Secrets, type StackFile } from './folder'
import { startForwarder } from './forwarder'
import { isKafkaReady, kafkaEnding, keepClassArchive, prepareKafka } from './kafka/broker'
import { keepUp, type Part, type Watch } from './part'
import { isPostgresReady, postgresEnding, preparePostgres } from './postgres'
import { Processes, type Ending, type Environment } from './processes'
import type { Terminal } from './terminal'

/**
 * The order of the end: nothing loses what it still needs. The worker finishes the mail whose body has begun. Kafka and Postgres
 * do not need each other, and together have all the time that is left.
 */
const ENDINGS = {
  web: { order: 1, signal: 'SIGTERM', graceMs: 1_500 },
  worker: { order: 2, signal: 'SIGTERM', graceMs: 12_000 },
  catcher: { order: 3, signal: 'SIGTERM', graceMs: 1_000 },
  kafka: { order: 4, ...kafkaEnding },
  postgres: { order: 4, ...postgresEnding },
} satisfies Record<string, Ending>

export type LaunchOptions = {
  environment: Environment
  terminal: Terminal
  /** Aborted by the first signal: stop in order. */
  stop: AbortSignal
  /** Aborted by the second: no more patience. */
  hurry: AbortSignal
  dev?: boolean
  /** Stand-ins for our own programs; nothing is built then. */
  commands?: Commands
}

/** Brings the whole stack up, keeps it up until `stop`, takes it down; answers with the exit code. */
export async function launch(options: LaunchOptions): Promise<number> {
  const { environment, terminal, stop, hurry } = options
  const since = performance.now()
  terminal.title('Usual Store: the local stack')
  return withFaultsSaid(terminal, async () => {
    const config = readStackConfig(environment)
    const folder = resolve(config.STACK_DIR)
    const secrets = claimFolder(folder)
    const processes = await openFolder(folder, terminal)
    hurry.addEventListener('abort', () => processes.hurry())
    const stack = new Stack({ ...options, config, folder, secrets, processes })
    const stopped = stop.aborted
      ? Promise.resolve()
      : new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()))
    try {
      await Promise.race([stopped, stack.up()])
      if (!stop.aborted) announce(terminal, config, stack.describe(), since)
      await stopped
    } finally {
      await stack.down()
    }
    terminal.line(`  Stopped; the data stays in ${config.STACK_DIR}.`)
  })
}

/** Empties the folder of a stack that does not run. */
export function reset({ environment, terminal }: Pick<LaunchOptions, 'environment' | 'terminal'>): Promise<number> {
  return withFaultsSaid(terminal, async () => {
    const { STACK_DIR } = readStackConfig(environment)
    const folder = resolve(STACK_DIR)
    claimFolder(folder)
    const processes = await openFolder(folder, terminal)
    await processes.end()
    emptyFolder(folder)
    terminal.line(`${STACK_DIR} is empty; the next start begins anew.`)
  })
}

/** Answers with the exit code. */
async function withFaultsSaid(terminal: Terminal, work: () => Promise<void>): Promise<number> {
  try {
    await work()
    return 0
  } catch (error) {
    if (!(error instanceof StackFault || error instanceof ConfigError)) throw error
    terminal.fault(error.message)
    return 1
  }
}

/** Refuses while a stack runs there; waits while one that was killed is still being ended. */
async function openFolder(folder: string, terminal: Terminal): Promise<Processes> {
  const processes = new Processes(folder)
  const wonder = setTimeout(() => {
    if (existsSync(join(folder, 'guard.json'))) terminal.begin('Waiting', 'the former stack is still being ended')
  }, 500)
  try {
    await processes.open()
    return processes
  } finally {
    clearTimeout(wonder)
  }
}

type StackOptions = Pick<LaunchOptions, 'environment' | 'terminal' | 'dev' | 'commands'> & {
  config: StackConfig
  folder: string
  secrets: Secrets
  processes: Processes
}

class Stack {
  #stopping = false
  #pids: StackFile['pids'] = {}
  #ready = false
  #forwarder: Server | undefined
  readonly #options: StackOptions
  readonly #commands: Commands

  constructor(options: StackOptions) {
    this.#options = options
    this.#commands = options.commands ?? (options.dev ? devCommands : builtCommands)
  }

  #environmentOf(part: AppPart): Environment {
    return childEnvironment(this.#options, part)
  }

  /** Everything starts as soon as what it needs is there. */
  async up(): Promise<void> {
    // A bad variable of theirs is one sentence now, rather than a part that does not come up.
    readWebConfig(this.#environmentOf('web'))
    readWorkerConfig(this.#environmentOf('worker'))
    await Promise.all([checkPorts(this.#options.config), checkReachable(this.#options.config)])
    const built = this.#build()
    const services = Promise.all([this.#postgres(), built]).then(() => this.#migrateAndSeed())
    const kafka = this.#kafka()
    const catcher = built.then(() => this.#catcher())
    await Promise.all([
      services.then(() => Promise.all([this.#web(), this.#forward()])),
      Promise.all([services, kafka, catcher]).then(() => this.#worker()),
    ])
    this.#ready = true
    this.#writeStackFile()
  }

  async down(): Promise<void> {
    this.#stopping = true
    this.#forwarder?.close()
    this.#forwarder?.closeAllConnections()
    await this.#options.processes.end()
  }

  describe(): StackFile {
    const { config, secrets } = this.#options
    const own = { database: !config.DATABASE_URL, mail: !config.SMTP_HOST }
    const { NEXTAUTH_URL, SMTP_HOST, SMTP_PORT = '2525' } = this.#environmentOf('worker')
    return {
      web: NEXTAUTH_URL as string,
      api: `http://localhost:${config.API_PORT}`,
      worker: `http://127.0.0.1:${config.WORKER_PORT}`,
      mail: own.mail ? `http://localhost:${config.MAIL_UI_PORT}` : null,
      smtp: `${SMTP_HOST}:${SMTP_PORT}`,
      kafka: brokersOf(config).join(','),
      database: databaseOf(config, secrets),
      pids: this.#pids,
      login: own.database ? LOGIN : null,
      api_key: own.database ? secrets.apiKey : null,
    }
  }

  async #build(): Promise<void> {
    if (this.#options.dev || this.#options.commands) return
    await this.#step('Build', async () => {
      const begin = () => this.#options.terminal.begin('Build', 'compiling the web app and the worker, about a minute')
      const fresh = await buildWhenChanged(this.#options.processes, this.#options.environment, begin)
      return fresh ? 'web app and worker' : 'up to date'
    })
  }

  async #postgres(): Promise<void> {
    const { config, secrets, processes } = this.#options
    if (config.DATABASE_URL) return
    const options = {
      folder: join(this.#options.folder, 'postgres'),
      port: config.POSTGRES_PORT,
      password: secrets.databasePassword,
    }
    await this.#part(
      'postgres',
      {
        name: 'postgres',
        title: 'PostgreSQL',
        prepare: () => preparePostgres(processes, options),
        isReady: (child) => isPostgresReady(options.folder, child),
        ending: ENDINGS.postgres,
      },
      `127.0.0.1:${config.POSTGRES_PORT}`,
    )
  }

  async #migrateAndSeed(): Promise<void> {
    await this.#step('Database', async () => {
      await this.#options.processes.run('migrate', this.#commands.migrate(this.#environmentOf('migrate')))
      if (this.#options.config.DATABASE_URL) return 'migrated'
      await this.#options.processes.run('seed', this.#commands.seed(this.#environmentOf('seed')))
      return 'migrated, local sign-in added'
    })
  }

  async #kafka(): Promise<void> {
    const { config, processes } = this.#options
    if (config.KAFKA_BROKERS) return
    const options = {
      folder: join(this.#options.folder, 'kafka'),
      port: config.KAFKA_PORT,
      controllerPort: config.KAFKA_CONTROLLER_PORT,
      environment: this.#options.environment,
    }
    await this.#part(
      'kafka',
      {
        name: 'kafka',
        title: 'Kafka',
        prepare: () => prepareKafka(processes, options),
        isReady: isKafkaReady,
        onExit: keepClassArchive,
        ending: ENDINGS.kafka,
      },
      `127.0.0.1:${config.KAFKA_PORT}`,
    )
  }

  async #catcher(): Promise<void> {
    const { config } = this.#options
    if (config.SMTP_HOST) return
    await this.#part(
      'mail',
      {
        name: 'catcher',
        title: 'Mail catcher',
        prepare: () => this.#commands.catcher(this.#environmentOf('catcher')),
        isReady: () => answers(`http://127.0.0.1:${config.MAIL_UI_PORT}/api/v1/info`),
        ending: ENDINGS.catcher,
      },
      `127.0.0.1:${config.MAIL_UI_PORT}, SMTP ${config.MAIL_SMTP_PORT}`,
    )
  }

  async #worker(): Promise<void> {
    const { config } = this.#options
    await this.#part(
      'worker',
      {
        name: 'worker',
        title: 'Worker',
        prepare: () => this.#commands.worker(this.#environmentOf('worker')),
        isReady: () => answers(`http://127.0.0.1:${config.WORKER_PORT}/readyz`),
        ending: ENDINGS.worker,
      },
      `127.0.0.1:${config.WORKER_PORT}`,
    )
  }

  async #web(): Promise<void> {
    const { config } = this.#options
    await this.#part(
      'web',
      {
        name: 'web',
        title: 'Web',
        prepare: () => this.#commands.web(this.#environmentOf('web')),
        isReady: () => answers(`http://127.0.0.1:${config.WEB_PORT}/api/health`),
        ending: ENDINGS.web,
      },
      `127.0.0.1:${config.WEB_PORT}, API ${config.API_PORT}`,
    )
  }

  async #forward(): Promise<void> {
    this.#forwarder = await startForwarder({
      port: this.#options.config.API_PORT,
      webPort: this.#options.config.WEB_PORT,
    })
  }

  async #part(key: keyof StackFile['pids'], part: Part, detail: string): Promise<void> {
    const watch: Watch = {
      onPid: (pid) => {
        this.#pids[key] = pid
        if (this.#ready) this.#writeStackFile()
      },
      say: (text) => this.#options.terminal.notice(text, new Date()),
      isStopping: () => this.#stopping,
    }
    await this.#step(part.title, async () => {
      await keepUp(this.#options.processes, part, watch)
      return detail
    })
  }

  async #step(title: string, work: () => Promise<string>): Promise<void> {
    const since = performance.now()
    const detail = await work()
    if (!this.#stopping) this.#options.terminal.done(title, detail, since)
  }

  #writeStackFile(): void {
    if (!this.#stopping) writeStackFile(this.#options.folder, this.describe())
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await answer.body?.cancel()
    return answer.status === 200
  } catch {
    return false // not listening yet
  }
}

function announce(terminal: Terminal, config: StackConfig, stack: StackFile, since: number): void {
  terminal.line()
  terminal.line(`  Ready after ${((performance.now() - since) / 1000).toFixed(1)} s`)
  terminal.line()
  terminal.entry('Dashboard', `${stack.web}/support`)
  if (stack.login) terminal.entry('Sign in', `${stack.login.email}  ${stack.login.password}`)
  if (stack.mail) terminal.entry('Mail', stack.mail, 'every mail that the stack sends')
  terminal.entry('API', `${stack.api}/api`)
  terminal.entry('Worker', `${stack.worker}/metrics`)
  terminal.entry('Logs', join(config.STACK_DIR, 'logs'))
  if (stack.api_key) {
    const user = { first_name: 'Ada', last_name: 'Lovelace', email: `ada.${Date.now().toString(36)}@example.com` }
    terminal.line()
    terminal.line('  Create a user; their welcome mail appears in the catcher:')
    terminal.line()
    terminal.line(`  curl -sS ${stack.api}/api/users \\`)
    terminal.line(`    -H 'Authorization: Bearer ${stack.api_key}' -H 'Content-Type: application/json' \\`)
    terminal.line(`    -d '${JSON.stringify(user)}'`)
  }
  terminal.line()
  terminal.line(`  Ctrl-C stops everything; the data stays in ${config.STACK_DIR}.`)
  terminal.line()
}
