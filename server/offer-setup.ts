import { setTimeout as sleep } from 'node:timers/promises'
import { hasLiveSetupLink, hasSuperAdmin, insertSetupLink, lockSetup } from '@/db/setup-links'
import { newToken } from '@/runtime/seal'
import type { Context } from './context'
import { toAppError, withoutParameters } from './failures'

const tryAgainMs = 5_000

/**
 * A new installation has nobody who could sign in, and no account that everybody knows. The first web process that starts in
 * production writes a link into its own log, once, for whoever runs it: it makes the first super_admin. Only its hash is kept.
 * If that line is lost, `npm run admin -- create` does the same.
 */
export async function offerSetup({ db, config, log }: Context): Promise<void> {
  if (config.APP_ENV !== 'production' || (await hasSuperAdmin(db))) return
  const { token, hash } = newToken()
  const isNew = await db.transaction(async (tx) => {
    await lockSetup(tx)
    if ((await hasSuperAdmin(tx)) || (await hasLiveSetupLink(tx))) return false
    await insertSetupLink(tx, hash)
    return true
  })
  if (!isNew) return
  const link = new URL(`/setup#${token}`, config.NEXTAUTH_URL).href
  log.warn({ link }, 'There is no Super Administrator yet. This link makes the first one; it works once, for 72 h')
}

/** Postgres may come up after us. */
export async function keepOfferingSetup(context: Context): Promise<void> {
  for (;;) {
    try {
      return await offerSetup(context)
    } catch (error) {
      if (!toAppError(error)) {
        context.log.error(
          { err: withoutParameters(error) },
          'Whether there is a Super Administrator could not be found out',
        )
        return
      }
      await sleep(tryAgainMs, undefined, { ref: false })
    }
  }
}
