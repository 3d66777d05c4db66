import { plaintextWarning } from '@/core/plaintext'
import { ConfigError } from '@/runtime/config'
import { createLog } from '@/runtime/log'
import { context } from './context'
import { pageFailure } from './failures'
import { guardRequests } from './guard-requests'
import { keepOfferingSetup } from './offer-setup'

/**
 * Opens everything the web process needs. On SIGTERM Next takes no new requests, lets the running ones finish (each publishes
 * its own record before it answers), and exits; that closes the connections. Only live feeds would never finish: they are
 * ended here.
 */
export function start(): void {
  try {
    const stopKeepingAlive = guardRequests()
    const { config, live, log } = context()
    const warning = plaintextWarning(config.PLAINTEXT_HOSTS)
    if (warning) log.warn(warning)
    log.info('The web process is ready')
    const stop = () => {
      stopKeepingAlive()
      live.close()
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)
    void keepOfferingSetup(context())
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    createLog('web', 'info').fatal(error.message)
    process.exit(1)
  }
}

export function reportPageFailure(error: unknown, request: { path: string; method: string }): void {
  context().log.error(pageFailure(error, request), 'A page failed')
}
