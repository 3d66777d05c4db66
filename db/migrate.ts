import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { plaintextWarning } from '@/core/plaintext'
import { ConfigError, readDatabaseConfig } from '@/runtime/config'
import { createLog } from '@/runtime/log'
import { lineTo } from './client'
import { ensureLogin } from './ensure-login'
import { lineRefusal } from './failure'

/** Brings the database of DATABASE_URL up to date, makes the logins that are named, and exits. Safe to run by several processes at once. */
const log = createLog('migrate', 'info')

async function main() {
  const config = readDatabaseConfig()
  const warning = plaintextWarning(config.PLAINTEXT_HOSTS)
  if (warning) log.warn(warning)
  const { url, ssl } = lineTo(config.DATABASE_URL)
  const client = postgres(url, { ssl, max: 1, connect_timeout: 10, onnotice: () => undefined })
  try {
    // Two processes that migrate at once would both create the same table: the second waits here.
    await client`select pg_advisory_lock(hashtext('usual-store-migrate'))`
    await migrate(drizzle(client), { migrationsFolder: join(process.cwd(), 'db/migrations') })
    const { APP_DATABASE_URL, WORKER_DATABASE_URL } = config
    if (APP_DATABASE_URL) await ensureLogin(client, 'app', APP_DATABASE_URL)
    if (WORKER_DATABASE_URL) await ensureLogin(client, 'worker', WORKER_DATABASE_URL)
    log.info('The database is up to date')
  } finally {
    await client.end({ timeout: 5 })
  }
}

main().catch((error: unknown) => {
  const why = error instanceof ConfigError ? error.message : lineRefusal(error)
  log.fatal(why === null ? { err: error } : {}, why ?? 'The database could not be brought up to date')
  process.exitCode = 1
})
