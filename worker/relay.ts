import { deadRecordSentence } from '@/core/dead-record'
import { toEnvelope } from '@/core/envelope'
import { crashLimit, priorityOfRank } from '@/core/message'
import { readDeadRecords, type KeptRecord } from '@/db/dead-records'
import { listenFor, type Sql } from '@/db/client'
import { removeOldCounts } from '@/db/daily-counts'
import { eraseOldAnswers } from '@/db/idempotency-keys'
import {
  expireWaiting,
  markRefused,
  putBackUnpublished,
  removePublishedNotices,
  takeDueWork,
  takeOverExpiredHolds,
  type DueMail,
  type DueRecord,
} from '@/db/relay'
import { eraseFullBuckets } from '@/db/rate-limits'
import { eraseOldSessions } from '@/db/sessions'
import { eraseOldSecrets } from '@/db/settle'
import { eraseOldDelays } from '@/db/sign-in-delays'
import type { LagReader } from '@/kafka/lag'
import type { Published, Publisher } from '@/kafka/publish'
import { toKafkaRecord, type KafkaRecord, type Publishable } from '@/kafka/record'
import type { WorkerConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { GroupProgress } from './group-progress'
import type { Metrics } from './metrics'
import { Pace } from './pace'

const batch = 500
const publishDeadlineMs = 10_000
const lagEveryMs = 100
/** So often also while nothing waits: then it is known at once whether the group has passed a record whose bell is due again. */
const lagAtLeastEveryMs = 5_000
const eraseEveryMs = 3_600_000
const expireEveryMs = 10_000
/** The whole outbox is looked through for it, and a hold lasts far longer. */
const takeOverEveryMs = 1_000
const deadRecordsAtOnce = 20
/** A bell comes due again after 30 s at the earliest: the record that it rang for was published, if at all, before this window. */
const progressWindowMs = 30_000 - publishDeadlineMs
/** From this many rings on, 15 min have passed: the bell is rung even if the consumer is merely behind. */
const ringAnyway = 5

type Due = DueMail | DueRecord

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
  #lagReading: Promise<void> | null = null
  readonly #progress = new GroupProgress(progressWindowMs)
  #erasedAt = -Infinity
  #expireAgainAt = 0
  #tookOverAt = -Infinity
  readonly #toPutBack = new Set<number>()
  #stopping = false
  #wake: (() => void) | null = null
  #woken = false
  #loop: Promise<void> = Promise.resolve()
  #listening: { stop: () => Promise<void> } | null = null

  constructor(private readonly tools: Tools) {}

  start(): void {
    this.#listening = listenFor('outbox', this.tools.config.DATABASE_URL, () => this.#rouse())
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
    await this.#takeOver()
    if (this.#toPutBack.size > 0) await this.#putBack([])
    await this.#eraseWhatIsOver()
    await this.#expireWaiting()
    // While Kafka is away the publisher refuses at once: rows are put back for 5 s and say that they wait, and the poll sets the pace.
    const high = await this.#round({ limit: batch, lowestPriority: 0 })
    const allowance = this.#pace.allowance
    const rest = allowance > 0 ? await this.#round({ limit: Math.min(batch, allowance), lowestPriority: 2 }) : 0
    // Not waited for: a Kafka that answers slowly must not keep high priority from its bell.
    const isLagOld = performance.now() - this.#lagReadAt >= lagAtLeastEveryMs
    if (rest > 0 || allowance === 0 || isLagOld) void this.#readLag()
    return !this.tools.publisher.isDown && (high === batch || (rest > 0 && this.#pace.allowance > 0))
  }

  async #takeOver(): Promise<void> {
    const { sql, metrics, log } = this.tools
    if (performance.now() - this.#tookOverAt < takeOverEveryMs) return
    const lost = await takeOverExpiredHolds(sql, { limit: batch, crashLimit })
    if (lost.length < batch) this.#tookOverAt = performance.now()
    for (const { messageId, parked } of lost) {
      metrics.takenOver.inc()
      log.warn({ messageId, parked }, 'The worker that held this message was lost; it may have been delivered')
    }
  }

  async #round(take: { limit: number; lowestPriority: number }): Promise<number> {
    const due = await takeDueWork(this.tools.sql, take)
    if (due.length === 0) return 0
    const again = due.some((work) => work.kind === 'send' && work.rings > 0 && work.rings < ringAnyway)
    if (again && !this.#progress.isKnown) await this.#readLag()
    const now = due.filter((work) => !this.#isAhead(work))
    await Promise.all([
      this.#publishMails('send', now.filter(isSend)),
      this.#publishMails('notice', now.filter(isNotice)),
      this.#publishDeadRecords(now.filter((work) => work.kind === 'dead_record')),
    ])
    this.#pace.published(now.filter(isSend).length)
    return due.length
  }

  /**
   * A record that the consumer has not come to yet needs no second bell: it would only lengthen the line. Its row is looked at
   * again after the double time.
   */
  #isAhead(work: Due): boolean {
    if (!isSend(work) || work.rings === 0 || work.rings >= ringAnyway) return false
    const partition = this.tools.publisher.partitionOf(this.tools.config.KAFKA_TOPIC, work.messageId)
    return partition !== null && !this.#progress.hasPassed(partition)
  }

  async #publishMails(what: 'send' | 'notice', mails: readonly DueMail[]): Promise<void> {
    if (mails.length === 0) return
    const { config } = this.tools
    const topic = what === 'send' ? config.KAFKA_TOPIC : config.KAFKA_DLQ_TOPIC
    await this.#publish(
      topic,
      mails,
      mails.map((mail) => toRecord(topic, mail, config)),
    )
  }

  /** Few at once: each may carry 256 KiB. */
  async #publishDeadRecords(due: readonly DueRecord[]): Promise<void> {
    const { sql, config } = this.tools
    for (let at = 0; at < due.length; at += deadRecordsAtOnce) {
      const some = due.slice(at, at + deadRecordsAtOnce)
      const kept = new Map(
        (await readDeadRecords(sql, config.KAFKA_TOPIC, some)).map((one) => [`${one.partition} ${one.offset}`, one]),
      )
      const notices = some.map((work) =>
        deadRecordNotice(config.KAFKA_TOPIC, work, kept.get(`${work.kafkaPartition} ${work.kafkaOffset}`) ?? null),
      )
      await this.#publish(config.KAFKA_DLQ_TOPIC, some, notices)
    }
  }

  async #publish(topic: string, works: readonly Due[], records: readonly Publishable[]): Promise<void> {
    const { sql, publisher, metrics } = this.tools
    const done = await publisher.publishEach(topic, records, publishDeadlineMs)
    const those = (what: Published) => works.filter((_, index) => done[index] === what)
    const [taken, notNow, refused] = [those('taken'), those('not_now'), those('refused')]
    for (const { kind } of taken) metrics.published.inc({ kind })
    const notices = taken.filter((work) => !isSend(work))
    if (notices.length > 0) await removePublishedNotices(sql, idsOf(notices))
    if (notNow.length > 0) await this.#putBack(idsOf(notNow))
    if (refused.length > 0) await markRefused(sql, idsOf(refused))
  }

  /** A row that another relay looks at in this instant is locked: it is put back in the next round. */
  async #putBack(outboxIds: readonly number[]): Promise<void> {
    for (const id of outboxIds) this.#toPutBack.add(id)
    const tried = [...this.#toPutBack]
    const locked = new Set(await putBackUnpublished(this.tools.sql, tried))
    for (const id of tried) if (!locked.has(id)) this.#toPutBack.delete(id)
  }

  /** Asks Kafka how far the group is; one question at a time, and not more often than every 100 ms. Never rejects. */
  #readLag(): Promise<void> {
    if (performance.now() - this.#lagReadAt < lagEveryMs || this.tools.publisher.isDown) return Promise.resolve()
    this.#lagReading ??= this.#askForLag().finally(() => {
      this.#lagReadAt = performance.now()
      this.#lagReading = null
      this.#rouse()
    })
    return this.#lagReading
  }

  async #askForLag(): Promise<void> {
    this.#pace.ask(performance.now())
    try {
      const lag = await this.tools.lag.read()
      this.#pace.observe(lag, performance.now())
      this.#progress.observe(lag, performance.now())
      this.tools.metrics.lag.set(lag.total)
    } catch (error) {
      // Not known: ring rather than wait.
      this.#pace.notKnown()
      this.#progress.forget()
      if (!this.#stopping) this.tools.log.warn({ err: error }, 'Kafka did not say how far the group is')
    }
  }

  /** Its cost grows with what waits, so it rests for fifty times as long as it took. */
  async #expireWaiting(): Promise<void> {
    const startedAt = performance.now()
    if (startedAt < this.#expireAgainAt) return
    // Set before it is asked: a statement that fails must not keep the bells from ringing at every round.
    this.#expireAgainAt = startedAt + expireEveryMs
    const expired = await expireWaiting(this.tools.sql, batch)
    if (expired > 0) this.tools.log.warn({ expired }, 'Mails that waited were given up: too old to be sent')
    const tookMs = performance.now() - startedAt
    this.#expireAgainAt = expired === batch ? 0 : performance.now() + Math.max(expireEveryMs, 50 * tookMs)
  }

  async #eraseWhatIsOver(): Promise<void> {
    if (performance.now() - this.#erasedAt < eraseEveryMs) return
    this.#erasedAt = performance.now()
    await eraseOldAnswers(this.tools.sql)
    await eraseOldSessions(this.tools.sql)
    await removeOldCounts(this.tools.sql)
    await eraseFullBuckets(this.tools.sql)
    await eraseOldDelays(this.tools.sql)
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

const isSend = (work: Due): work is DueMail => work.kind === 'send'
const isNotice = (work: Due): work is DueMail => work.kind === 'dead_letter' || work.kind === 'dead_letter_recalled'
const idsOf = (works: readonly Due[]) => works.map((work) => work.outboxId)

const statusOf = { send: 'pending', dead_letter: 'dead', dead_letter_recalled: 'sent' } as const

/** Never the secret: `data` holds placeholders in Postgres already. */
function toRecord(topic: string, work: DueMail, config: WorkerConfig): KafkaRecord {
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
    status: statusOf[work.kind],
  })
  return toKafkaRecord(topic, envelope, work.attempt, config.SIGNING_KEYS, moreHeaders(work, config))
}

/** Where it came from and why it was given up, for whoever reads email-dlq. */
function moreHeaders(work: DueMail, config: WorkerConfig): Record<string, string> {
  if (work.kind === 'send') return {}
  const origin = {
    'original-topic': config.KAFKA_TOPIC,
    ...(work.producerId !== null && { 'producer-id': work.producerId }),
    ...(work.kafkaPartition !== null && { 'original-partition': String(work.kafkaPartition) }),
    ...(work.kafkaOffset !== null && { 'original-offset': String(work.kafkaOffset) }),
  }
  // Called dead, and then proven sent: an earlier notice no longer holds.
  if (work.kind === 'dead_letter_recalled') return { ...origin, 'recalled-at': work.takenAt.toISOString() }
  return {
    ...origin,
    'dead-class': work.deadReason ?? 'unknown',
    'dead-reason': work.lastReply ?? '',
    'dead-at': (work.closedAt ?? work.createdAt).toISOString(),
  }
}

/** The record as it was, with where it stood and why it is not sent. Null: it was refused, and nothing of it is kept. */
function deadRecordNotice(topic: string, work: DueRecord, kept: KeptRecord | null): Publishable {
  const reason = kept?.reason ?? 'unsigned'
  return {
    key: kept?.key ?? null,
    value: kept?.value ?? null,
    headers: {
      'original-topic': topic,
      'original-partition': String(work.kafkaPartition),
      'original-offset': String(work.kafkaOffset),
      'dead-class': reason,
      'dead-reason': deadRecordSentence(reason),
      'dead-at': (kept?.receivedAt ?? work.takenAt).toISOString(),
      ...(kept?.isTooLarge && { 'value-kept-in': 'dead_records' }),
    },
  }
}
