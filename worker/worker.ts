import type { Route } from '@/core/breaker'
import { openWorkerDatabase } from '@/db/client'
import { holdMessages } from '@/db/hold'
import { knownMessages } from '@/db/known-messages'
import { startConsumer } from '@/kafka/consume'
import { LagReader } from '@/kafka/lag'
import { Publisher } from '@/kafka/publish'
import { kafkaRefusal } from '@/kafka/refusal'
import { ensureTopics, TopicRefused } from '@/kafka/topics'
import type { WorkerConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { Breakers } from './breakers'
import { deliver, isOnlyPretended } from './deliver'
import { Holds } from './holds'
import { HourKeeper } from './hour-keeper'
import { serve } from './http'
import { Intake } from './intake'
import { createMetrics } from './metrics'
import { Relay } from './relay'
import { SendPace } from './send-pace'
import { Settler } from './settler'
import { SmtpPool } from './smtp'
import { StartupCheck } from './startup-check'
import { Taker } from './take'

/** A body that has begun may finish for this long; the rest is given back. */
const stopGraceMs = 10_000

export type RunningWorker = { port: number; stop: () => Promise<void> }

/**
 * The messaging service: relay, consumer and delivery in one process. Many of them share the work through the consumer
 * group and the holds in Postgres; none is special.
 */
export async function startWorker(input: {
  config: WorkerConfig
  name: string
  log: Logger
  /** This process can no longer work; end it, and let whoever supervises it start another. */
  onDead: (error: Error) => void
}): Promise<RunningWorker> {
  const { config, log, name } = input
  const metrics = createMetrics()
  const sql = openWorkerDatabase({ url: config.DATABASE_URL, max: 6, part: name })
  const pools = openPools(config, log, () => metrics.smtpOpened.inc())
  const holds = new Holds(sql, config.HOLD_MS, log)
  const settler = new Settler(sql, log)
  const slots = config.SMTP_CONNECTIONS * 2
  const breakers = new Breakers({
    sql,
    databaseUrl: config.DATABASE_URL,
    pools,
    slots,
    probeMs: config.BREAKER_PROBE_MS,
    metrics,
    log,
    onChange: () => intake.pump(),
  })
  const pace = config.SEND_RATE ? new SendPace(sql, config.SEND_RATE, log) : null
  const intake: Intake = new Intake({
    allowed: () => breakers.allowed,
    ...(pace && { admit: (wanted: number) => pace.admit(wanted) }),
    log,
    async hold(requests) {
      const askedAt = performance.now()
      const held = await holdMessages(sql, requests, { holdMs: config.HOLD_MS, worker: name })
      for (const message of held) holds.add(message, askedAt)
      const toSend = held.filter((message) => !isOnlyPretended(message, config))
      await pace?.giveBack(requests.length - toSend.length)
      return held
    },
    known: (messageIds) => knownMessages(sql, messageIds),
    deliver: (held) =>
      deliver(held, { config, sql, pools, breakers, holds, settler, metrics, log, random: Math.random }),
  })

  const taker = new Taker({ config, sql, intake, metrics, log })
  const publisher = new Publisher(config, `${name}-relay`, log)
  const lag = new LagReader(config, log)
  const relay = new Relay({ config, sql, publisher, lag, metrics, log })
  const hours = new HourKeeper(sql, log)
  const check = new StartupCheck({ sql, name, config, log, isKafkaUp: () => consumer !== null && !publisher.isDown })
  let consumer: Awaited<ReturnType<typeof startConsumer>> | null = null
  let refused: string[] = []
  const http = await serve({
    host: config.WORKER_HOST,
    port: config.WORKER_PORT,
    metrics,
    readiness: async () => ({
      postgres: await sql`select 1`.then(
        () => true,
        () => false,
      ),
      kafka: !publisher.isDown,
      group: consumer?.isJoined() ?? false,
    }),
    differences: () => [...refused, ...check.differences],
  })
  await breakers.start()
  // It needs Postgres alone: what was asked for is counted also while Kafka is away.
  hours.start()
  consumer = await untilKafka(async () => {
    try {
      await ensureTopics(config, log)
      publisher.start(config.KAFKA_TOPIC)
      const joined = await startConsumer({
        config,
        worker: name,
        log,
        take: (record) => taker.take(record),
        isKafkaUp: () => !publisher.isDown,
        onDead: input.onDead,
      })
      refused = []
      return joined
    } catch (error) {
      // While it waits for that, whoever looks at `/readyz` reads why.
      const why =
        error instanceof TopicRefused
          ? error.message
          : kafkaRefusal(error, config, [config.KAFKA_TOPIC, config.KAFKA_DLQ_TOPIC])
      refused = why === null ? [] : [why]
      log.warn({ err: error }, `${why ?? 'Kafka is not ready for the worker.'} Trying again`)
      throw error
    }
  })
  relay.start()
  void check.compare()
  log.info({ port: http.port, slots, smtp: `${config.SMTP_HOST}:${config.SMTP_PORT}` }, 'The worker is up')

  return {
    port: http.port,
    async stop() {
      taker.stop()
      log.info({ held: holds.count }, 'Stopping: what has begun may finish, the rest is given back')
      pace?.stop()
      const taken = intake.stop()
      await Promise.all([
        ...[...pools.values()].map((pool) => pool.stop(stopGraceMs)),
        relay.stop(),
        breakers.stop(),
        hours.stop(),
      ])
      await taken
      holds.stop()
      try {
        await consumer?.stop()
      } catch (error) {
        log.warn({ err: error }, 'The group was not left in time; Kafka will notice by itself')
      }
      await Promise.all([publisher.close(), lag.close(), http.close(), check.stop()])
      await sql.end({ timeout: 2 })
      log.info('Stopped')
    },
  }
}

const loginOf = (user: string | undefined, pass: string | undefined) => (user && pass ? { user, pass } : null)

/** The first route, and the second where there is one, in this order. */
function openPools(config: WorkerConfig, log: Logger, onOpened: () => void): ReadonlyMap<Route, SmtpPool> {
  const shared = { connections: config.SMTP_CONNECTIONS, replyTimeoutMs: config.SMTP_REPLY_TIMEOUT_MS }
  const primary = {
    ...shared,
    host: config.SMTP_HOST,
    port: config.SMTP_PORT,
    secure: config.SMTP_SECURE,
    requireTls: config.SMTP_REQUIRE_TLS,
    credentials: loginOf(config.SMTP_USERNAME, config.SMTP_PASSWORD),
  }
  const pools = new Map<Route, SmtpPool>([['primary', new SmtpPool(primary, log, onOpened)]])
  if (config.SMTP_FALLBACK_HOST) {
    const fallback = {
      ...shared,
      host: config.SMTP_FALLBACK_HOST,
      port: config.SMTP_FALLBACK_PORT,
      secure: config.SMTP_FALLBACK_SECURE,
      requireTls: config.SMTP_FALLBACK_REQUIRE_TLS,
      credentials: loginOf(config.SMTP_FALLBACK_USERNAME, config.SMTP_FALLBACK_PASSWORD),
    }
    pools.set('fallback', new SmtpPool(fallback, log, onOpened))
  }
  return pools
}

/** A worker that starts while Kafka is away waits for it; `/readyz` says so meanwhile. */
async function untilKafka<T>(join: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await join()
    } catch {
      // Said by `join`.
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }
}
