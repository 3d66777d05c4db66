import { crashLimit, priorityOfRank, toEnvelope } from '@/core/message'
import { listenForWork, type Sql } from '@/db/client'
import { eraseOldAnswers } from '@/db/idempotency-keys'
import {
  deferRing,
  putBackUnpublished,
  removePublishedNotices,
  takeDueWork,
  takeOverExpiredHolds,
  type DueWork,
} from '@/db/relay'
import { eraseOldSecrets } from '@/db/settle'
import type { LagReader } from '@/kafka/lag'
import type { Publisher } from '@/kafka/publish'
import { toKafkaRecord, type KafkaRecord } from '@/kafka/record'
import type { WorkerConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import type { Metrics } from './metrics'
import { Pace } from './pace'

const batch = 500
const publishDeadlineMs = 10_000
const lagEveryMs = 100
const eraseEveryMs = 3_600_000
/** From this many rings on, 15 min have passed: the bell is rung even if the consumer is merely behind. */
const ringAnyway = 6

type Tools = {
  config: WorkerConfig
  sql: Sql
  publisher: Publisher
  lag: LagReader
  metrics: Metrics
  log: Logger
}

/**
 * Rings for what came due: first sends that the request could not publish, retries, releases, expired holds, notices for
 * email-dlq. Woken by NOTIFY; polls as the safety net. Any number of workers may run it at once.
 */
export class Relay {
  readonly #pace = new Pace()
  #lagReadAt = -Infinity
  #behind = new Map<number, number>()
  #erasedAt = -Infinity
  #stopping = false
  #wake: (() => void) | null = null
  #woken = false
  #loop: Promise<void> = Promise.resolve()
  #listening: { stop: () => Promise<void> } | null = null

  constructor(private readonly tools: Tools) {}

  start(): void {
    this.#listening = listenForWork(this.tools.config.DATABASE_URL, () => this.#rouse())
    this.#loop = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#rouse()
    await this.#loop
    await this.#listening?.stop()
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      let more = false
      try {
        more = await this.#tick()
      } catch (error) {
        this.tools.log.warn({ err: error }, 'The relay could not do its round; trying again')
      }
      if (!more) await this.#rest()
    }
  }

  /** @returns whether there is more to do at once */
  async #tick(): Promise<boolean> {
    const { sql, metrics, log } = this.tools
    const lost = await takeOverExpiredHolds(sql, { limit: batch, crashLimit })
    for (const { messageId, parked } of lost) {
      metrics.takenOver.inc()
      log.warn({ messageId, parked }, 'The worker that held this message was lost; it may have been delivered')
    }
    await this.#eraseOldSecrets()
    // While Kafka is away the publisher refuses at once: rows are put back for 5 s and say that they wait, and the poll sets the pace.
    const high = await this.#round({ limit: batch, lowestPriority: 0 })
    const allowance = this.#pace.allowance
    const rest = allowance > 0 ? await this.#round({ limit: Math.min(batch, allowance), lowestPriority: 2 }) : 0
    if (rest > 0 || allowance === 0) await this.#readLag()
    return !this.tools.publisher.isDown && (high === batch || (rest > 0 && this.#pace.allowance > 0))
  }

  async #round(take: { limit: number; lowestPriority: number }): Promise<number> {
    const due = await takeDueWork(this.tools.sql, take)
    if (due.length === 0) return 0
    const again = due.some((work) => work.kind === 'send' && work.rings > 0 && work.rings < ringAnyway)
    if (again) await this.#readLag()
    const { later, now } = this.#splitBehind(due)
    if (later.length > 0)
      await deferRing(
        this.tools.sql,
        later.map((work) => work.outboxId),
      )
    const [sends, notices] = [
      now.filter((work) => work.kind === 'send'),
      now.filter((work) => work.kind === 'dead_letter'),
    ]
    await Promise.all([this.#publish('send', sends), this.#publish('dead_letter', notices)])
    this.#pace.published(sends.length)
    return due.length
  }

  /** A record that the consumer has not come to yet needs no second bell. */
  #splitBehind(due: readonly DueWork[]): { later: DueWork[]; now: DueWork[] } {
    const later: DueWork[] = []
    const now: DueWork[] = []
    for (const work of due) {
      const partition = this.tools.publisher.partitionOf(this.tools.config.KAFKA_TOPIC, work.messageId)
      const behind = partition === null ? 0 : (this.#behind.get(partition) ?? 0)
      const waits = work.kind === 'send' && work.rings > 0 && work.rings < ringAnyway && behind > 0
      ;(waits ? later : now).push(work)
    }
    return { later, now }
  }

  async #publish(kind: DueWork['kind'], works: readonly DueWork[]): Promise<void> {
    if (works.length === 0) return
    const { config, sql, publisher, metrics } = this.tools
    const topic = kind === 'send' ? config.KAFKA_TOPIC : config.KAFKA_DLQ_TOPIC
    const records = works.map((work) => toRecord(topic, work, config))
    const done = await publisher.publish(topic, records, publishDeadlineMs)
    const ids = (published: boolean) =>
      works.filter((_, index) => done[index] === published).map((work) => work.outboxId)
    const [published, failed] = [ids(true), ids(false)]
    metrics.published.inc({ kind }, published.length)
    if (kind === 'dead_letter' && published.length > 0) await removePublishedNotices(sql, published)
    if (failed.length > 0) await putBackUnpublished(sql, failed)
  }

  async #readLag(): Promise<void> {
    if (performance.now() - this.#lagReadAt < lagEveryMs || this.tools.publisher.isDown) return
    try {
      const lag = await this.tools.lag.read()
      this.#pace.observe(lag, performance.now())
      this.#behind = lag.behind
      this.tools.metrics.lag.set(lag.total)
    } catch (error) {
      // Not known: ring rather than wait.
      this.#behind.clear()
      this.tools.log.debug({ err: error }, 'The lag could not be read')
    }
    this.#lagReadAt = performance.now()
  }

  async #eraseOldSecrets(): Promise<void> {
    if (performance.now() - this.#erasedAt < eraseEveryMs) return
    this.#erasedAt = performance.now()
    await eraseOldAnswers(this.tools.sql)
    const erased = await eraseOldSecrets(this.tools.sql)
    if (erased > 0) this.tools.log.info({ erased }, 'Secrets of mails that are long dead were erased')
  }

  #rouse(): void {
    this.#woken = true
    this.#wake?.()
  }

  /** Until there is word of work, or the poll comes round; shorter while records are kept back. */
  async #rest(): Promise<void> {
    if (this.#stopping) return
    const ms = this.#pace.allowance === 0 ? lagEveryMs : this.tools.config.RELAY_POLL_MS
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#wake = null
    this.#woken = false
  }
}

/** Never the secret: `data` holds placeholders in Postgres already. */
function toRecord(topic: string, work: DueWork, config: WorkerConfig): KafkaRecord {
  const dead = work.kind === 'dead_letter'
  const envelope = toEnvelope({
    id: work.messageId,
    type: work.type,
    template: work.template,
    from: work.fromAddress,
    to: work.toAddress,
    subject: work.subject,
    data: work.data,
    priority: priorityOfRank(work.priorityRank),
    createdAt: work.createdAt.toISOString(),
    retryCount: work.retryCount,
    maxRetries: work.maxRetries,
    status: dead ? 'dead' : 'pending',
  })
  return toKafkaRecord(topic, envelope, work.attempt, config.SIGNING_KEYS, dead ? whyDead(work, config) : {})
}

/** Where it came from and why it was given up, for whoever reads email-dlq. */
function whyDead(work: DueWork, config: WorkerConfig): Record<string, string> {
  return {
    'original-topic': config.KAFKA_TOPIC,
    ...(work.kafkaPartition !== null && { 'original-partition': String(work.kafkaPartition) }),
    ...(work.kafkaOffset !== null && { 'original-offset': String(work.kafkaOffset) }),
    'dead-class': work.deadReason ?? 'unknown',
    'dead-reason': work.lastReply ?? '',
    'dead-at': (work.closedAt ?? work.createdAt).toISOString(),
  }
}
