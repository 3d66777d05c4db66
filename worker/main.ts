import { hostname } from 'node:os'
import { plaintextWarning } from '@/core/plaintext'
import { lineRefusal } from '@/db/failure'
import { kafkaRefusal } from '@/kafka/refusal'
import { ConfigError, readWorkerConfig } from '@/runtime/config'
import { createLog } from '@/runtime/log'
import { startWorker, type RunningWorker } from './worker'

/** Longer than the worker's own grace: after this it goes, and its holds run out. */
const stopDeadlineMs = 13_000

async function main(): Promise<void> {
  let log = createLog('worker', 'info')
  try {
    const config = readWorkerConfig()
    log = createLog('worker', config.LOG_LEVEL)
    const warning = plaintextWarning(config.PLAINTEXT_HOSTS)
    if (warning) log.warn(warning)
    // A promise that nobody waits for has failed: the state of this process is unknown, so another takes over.
    process.on('unhandledRejection', (error) => {
      log.fatal({ err: error }, 'Unhandled rejection; the worker ends')
      process.exit(1)
    })
    let worker: RunningWorker | null = null
    let stopping = false
    const stop = (exitCode: 0 | 1) => {
      if (stopping) return
      stopping = true
      setTimeout(() => process.exit(1), stopDeadlineMs).unref()
      void (worker?.stop() ?? Promise.resolve()).finally(() => process.exit(exitCode))
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        log.info({ signal }, 'Asked to stop')
        stop(0)
      })
    }
    worker = await startWorker({
      config,
      name: `worker-${hostname()}-${process.pid}`,
      log,
      onDead: (error) => {
        log.fatal(
          { err: error },
          `${kafkaRefusal(error, config, [config.KAFKA_TOPIC]) ?? 'The consumer cannot go on.'} The worker ends, and whoever supervises it starts another`,
        )
        // In order: what is being sent may finish, or it would go out twice. Not 0, which a supervisor may take for the end.
        stop(1)
      },
    })
  } catch (error) {
    const why = error instanceof ConfigError ? error.message : lineRefusal(error)
    log.fatal(why === null ? { err: error } : {}, why ?? 'The worker could not start')
    process.exit(1)
  }
}

void main()
