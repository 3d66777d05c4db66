import { createHmac } from 'node:crypto'
import { join } from 'node:path'

import type { StackConfig } from '@/runtime/config'

import type { Secrets } from './folder'
import { databaseUrl } from './postgres'
import { repositoryRoot, type Command, type Environment } from './processes'

export type AppPart = 'catcher' | 'migrate' | 'seed' | 'worker' | 'web'

/** How each of our own programs is run; tests put stand-ins here. */
export type Commands = Record<AppPart, (environment: Environment) => Command>

export const LOGIN = { email: 'admin@example.com', password: 'qwerty12' }

const node = (args: string[], environment: Environment): Command => ({
  file: process.execPath,
  args,
  cwd: repositoryRoot,
  environment,
})

/** What `npm run build` made. */
export const builtCommands: Commands = {
  catcher: (environment) => built('dist/catcher.mjs', environment),
  migrate: (environment) => built('dist/migrate.mjs', environment),
  seed: (environment) => built('dist/seed-local.mjs', environment),
  worker: (environment) => built('dist/worker.mjs', environment),
  web: (environment) => built('.next/standalone/server.js', environment),
}

/** As in the image. Told of no bound, V8 lets the heap of a big machine grow to four times what is in use before it looks. */
const flags = ['--enable-source-maps', '--max-old-space-size=768']

const built = (program: string, environment: Environment) =>
  node([...flags, program], { ...environment, NODE_ENV: 'production' })

const TSX = join(repositoryRoot, 'node_modules/tsx/dist/cli.mjs')
const NEXT = join(repositoryRoot, 'node_modules/next/dist/bin/next')

/** The sources themselves, started again by tsx and Next.js when they change. */
export const devCommands: Commands = {
  catcher: (environment) => node([TSX, 'watch', 'stack/catcher/main.ts'], environment),
  migrate: (environment) => node([TSX, 'db/migrate.ts'], environment),
  seed: (environment) => node([TSX, 'db/seed-local.ts'], environment),
  worker: (environment) => node([TSX, 'watch', 'worker/main.ts'], environment),
  web: (environment) =>
    node([NEXT, 'dev', '--port', environment['PORT'] ?? '', '--hostname', '127.0.0.1'], {
      ...environment,
      NODE_ENV: 'development',
      // It would send from a process that outlives the stack.
      NEXT_TELEMETRY_DISABLED: '1',
    }),
}

const CATCHER_HAS_NO = ['SMTP_USERNAME', 'SMTP_PASSWORD', 'SMTP_SECURE', 'SMTP_REQUIRE_TLS']

const OWN_KAFKA_HAS_NO = [
  'KAFKA_SSL',
  'KAFKA_SSL_CA',
  'KAFKA_SSL_CERT',
  'KAFKA_SSL_KEY',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_SASL_USERNAME',
  'KAFKA_SASL_PASSWORD',
]

const unset = (names: string[]): Environment => Object.fromEntries(names.map((name) => [name, undefined]))

type ChildrenInput = { environment: Environment; config: StackConfig; secrets: Secrets; folder: string }

/** The environment of a child: the caller's own, completed by what this stack brings. No child gets another's way into the database. */
export function childEnvironment(
  { environment: given, config, secrets, folder }: ChildrenInput,
  part: AppPart,
): Environment {
  const mail = config.SMTP_HOST
    ? {}
    : { ...unset(CATCHER_HAS_NO), SMTP_HOST: '127.0.0.1', SMTP_PORT: String(config.MAIL_SMTP_PORT) }
  return {
    ...given,
    ...mail,
    ...(config.KAFKA_BROKERS ? {} : unset(OWN_KAFKA_HAS_NO)),
    APP_ENV: 'local',
    STACK_DIR: folder,
    ...databaseAddresses(config, secrets, part),
    KAFKA_BROKERS: brokersOf(config).join(','),
    NEXTAUTH_URL: given['NEXTAUTH_URL'] || `http://localhost:${config.WEB_PORT}`,
    NEXTAUTH_SECRET: config.NEXTAUTH_SECRET ?? secrets.nextauthSecret,
    SECRETS_KEYS: config.SECRETS_KEYS ?? secrets.secretsKeys,
    SIGNING_KEYS: config.SIGNING_KEYS ?? secrets.signingKeys,
    PORT: String(config.WEB_PORT),
    HOSTNAME: '127.0.0.1',
    WORKER_PORT: String(config.WORKER_PORT),
    WORKER_HOST: '127.0.0.1',
    MAIL_SMTP_PORT: String(config.MAIL_SMTP_PORT),
    MAIL_UI_PORT: String(config.MAIL_UI_PORT),
    LOG_LEVEL: config.LOG_LEVEL,
    LOCAL_ADMIN_EMAIL: LOGIN.email,
    LOCAL_ADMIN_PASSWORD: LOGIN.password,
    LOCAL_API_KEY: secrets.apiKey,
  }
}

export const brokersOf = (config: StackConfig) => config.KAFKA_BROKERS ?? [`127.0.0.1:${config.KAFKA_PORT}`]

/** The address of the owner, who may do everything. */
export const databaseOf = (config: StackConfig, secrets: Secrets) =>
  config.DATABASE_URL ?? databaseUrl({ port: config.POSTGRES_PORT, password: secrets.databasePassword })

/**
 * Web and worker come into the database with a login each, which the migration makes. In a database that was given they use what
 * was given for them, or else the one login that there is.
 */
function databaseAddresses(config: StackConfig, secrets: Secrets, part: AppPart): Environment {
  const owner = databaseOf(config, secrets)
  const login = (role: 'app' | 'worker') =>
    databaseUrl({
      port: config.POSTGRES_PORT,
      user: `usual_store_${role}_login`,
      // Made from the one secret, so that a folder of an earlier version needs no new one; it does not lead back to that.
      password: createHmac('sha256', secrets.databasePassword).update(role).digest('hex').slice(0, 48),
    })
  const [app, worker] = config.DATABASE_URL
    ? [config.APP_DATABASE_URL, config.WORKER_DATABASE_URL]
    : [login('app'), login('worker')]
  const none = { DATABASE_URL: undefined, APP_DATABASE_URL: undefined, WORKER_DATABASE_URL: undefined }
  const ofPart: Record<AppPart, Environment> = {
    catcher: {},
    migrate: { DATABASE_URL: owner, APP_DATABASE_URL: app, WORKER_DATABASE_URL: worker },
    seed: { DATABASE_URL: owner },
    web: { DATABASE_URL: app ?? owner },
    worker: { DATABASE_URL: worker ?? owner },
  }
  return { ...none, ...ofPart[part] }
}
