import { sql } from 'drizzle-orm'
import { scopes } from '@/core/permissions'
import { ConfigError, readSeedConfig } from '@/runtime/config'
import { createLog } from '@/runtime/log'
import { hashPassword } from '@/runtime/password'
import { hashToken } from '@/runtime/seal'
import { openDatabase } from './client'
import { apiKeys, users } from './schema'
import { findUserByAddress } from './users'

/** Puts the known sign-in and API key of the local stack in place, and exits. Running it again changes nothing. */
const log = createLog('seed', 'info')
const keyName = 'local'

async function main() {
  const config = readSeedConfig()
  const { db, close } = openDatabase({ url: config.DATABASE_URL, max: 1, part: 'seed', answerWithinMs: 15_000 })
  try {
    await db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtext('usual-store-seed'))`)

      const admin = await findUserByAddress(tx, config.LOCAL_ADMIN_EMAIL)
      if (!admin) {
        await tx.insert(users).values({
          firstName: 'Local',
          lastName: 'Admin',
          email: config.LOCAL_ADMIN_EMAIL,
          role: 'super_admin',
          passwordHash: await hashPassword(config.LOCAL_ADMIN_PASSWORD),
          createdByName: 'Local stack',
        })
      }

      // The key may be a new one, with a new STACK_DIR beside an old database.
      const key = {
        hash: hashToken(config.LOCAL_API_KEY),
        prefix: config.LOCAL_API_KEY.slice(0, 8),
        scopes: [...scopes],
        // Whoever measures here measures the product, not its limits.
        requestsPerMinute: 0,
      }
      const known = await tx
        .update(apiKeys)
        .set(key)
        .where(sql`${apiKeys.name} = ${keyName}`)
        .returning({ id: apiKeys.id })
      if (known.length === 0) await tx.insert(apiKeys).values({ name: keyName, ...key })
    })
    log.info('The local sign-in and API key are in place')
  } finally {
    await close()
  }
}

main().catch((error: unknown) => {
  log.fatal(
    error instanceof ConfigError ? error.message : { err: error },
    'The local sign-in could not be put in place',
  )
  process.exitCode = 1
})
