import { hostname } from 'node:os'
import { openDatabase, openPages, type Database } from '@/db/client'
import { keepPresent } from '@/db/processes'
import { templates } from '@/emails/registry'
import { LagReader } from '@/kafka/lag'
import { Publisher } from '@/kafka/publish'
import { envelopeVersion } from '@/kafka/record'
import { readWebConfig, type WebConfig } from '@/runtime/config'
import { factsOf } from '@/runtime/facts'
import { createLog, type Logger } from '@/runtime/log'
import { LiveFeed } from './live-feed'

/** What every use case works with: one of each in a process. */
export type Context = {
  config: WebConfig
  db: Database
  /** For lists, searches and counts: few connections of their own, so that nothing waits behind them. */
  pages: Database
  publisher: Publisher
  live: LiveFeed
  /** Connects at the first question. */
  lag: LagReader
  log: Logger
  close: () => Promise<void>
}

const pageConnections = 4

/** Next loads this module once for each bundle, so the one context hangs on the process itself. */
const slot = Symbol.for('usual-store.context')
const shared = globalThis as { [slot]?: Context }

/** Opened at the first use; instrumentation.ts does that at the start, so that a bad variable shows at once. */
export function context(): Context {
  shared[slot] ??= open()
  return shared[slot]
}

/** A page that shows everything but Kafka is better than one that comes late. */
const lagDeadlineMs = 1_500

function open(): Context {
  const config = readWebConfig()
  const log = createLog('web', config.LOG_LEVEL)
  const database = openDatabase({ url: config.DATABASE_URL, max: config.DATABASE_POOL, part: 'web' })
  const pages = openPages({ url: config.DATABASE_URL, max: pageConnections, part: 'web pages' })
  const publisher = new Publisher(config, 'web', log)
  publisher.start(config.KAFKA_TOPIC)
  const lag = new LagReader(config, log, lagDeadlineMs)
  const own = {
    name: `web-${hostname()}-${process.pid}`,
    kind: 'web',
    facts: factsOf(config, { templates: Object.keys(templates), envelopeVersion }),
  } as const
  const presence = keepPresent(database.sql, own, log)
  const live = new LiveFeed({ db: database.db, config, log })
  const close = async () => {
    delete shared[slot]
    live.close()
    await presence.stop()
    await Promise.all([publisher.close(), lag.close(), pages.close(), database.close()])
  }
  return { config, db: database.db, pages: pages.db, publisher, lag, live, log, close }
}
