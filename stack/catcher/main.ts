import { join } from 'node:path'
import { ConfigError, readCatcherConfig } from '@/runtime/config'
import { createLog } from '@/runtime/log'
import { startCatcher } from './catcher'

const log = createLog('catcher', 'info')

try {
  const config = readCatcherConfig()
  const catcher = await startCatcher({
    smtpPort: config.MAIL_SMTP_PORT,
    uiPort: config.MAIL_UI_PORT,
    dir: join(config.STACK_DIR, 'mail'),
    log,
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'catcher stopping')
      catcher.close().then(
        () => process.exit(0),
        (error: unknown) => {
          log.fatal({ err: error }, 'The last mails could not be written')
          process.exit(1)
        },
      )
    })
  }
  log.info({ smtp: catcher.smtpPort, ui: catcher.uiPort }, 'catcher ready')
} catch (error) {
  // A wrong setting or a taken port: the sentence is all there is to say.
  if (error instanceof ConfigError) log.fatal(error.message)
  else log.fatal({ err: error }, error instanceof Error ? error.message : 'The catcher could not start')
  process.exit(1)
}
