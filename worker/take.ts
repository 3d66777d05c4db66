import type { DeadRecordReason } from '@/core/dead-record'
import { deliveryBy } from '@/core/delivery-mode'
import { lifeMinutesOf } from '@/core/message'
import { acceptForeign } from '@/db/accept-foreign'
import type { Sql } from '@/db/client'
import { keepDeadRecord, noteRefusedRecord } from '@/db/dead-records'
import { refusesValue } from '@/db/failure'
import { NotTaken, type IncomingRecord } from '@/kafka/consume'
import { readKafkaRecord, type RawRecord } from '@/kafka/record'
import type { WorkerConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { seal } from '@/runtime/seal'
import { readForeignRecord } from './foreign-record'
import { Gate } from './gate'
import type { Intake, Taken } from './intake'
import type { Metrics } from './metrics'

const againMs = 500
/** Of a flood of such records: holds, renewals and results go over the same few connections, and must not queue behind it. */
const writesAtOnce = 20

type Tools = { config: WorkerConfig; sql: Sql; intake: Pick<Intake, 'take'>; metrics: Metrics; log: Logger }

/** What becomes of each record that Kafka hands us: held, stale, taken in from another producer, or kept aside. */
export class Taker {
  #stopping = false
  readonly #gate = new Gate(writesAtOnce)

  constructor(private readonly tools: Tools) {}

  stop(): void {
    this.#stopping = true
  }

  /**
   * Settles once the record's offset may move. Rejects only with `NotTaken`: an error for a record's sake would stop the
   * consumer for good, or repeat the record for ever (RELIABILITY K1, K2).
   */
  async take(record: IncomingRecord): Promise<void> {
    let outcome: Taken | 'kept_aside' | 'refused'
    try {
      outcome = await this.#take(record)
    } catch (error) {
      if (error instanceof NotTaken) throw error
      this.tools.log.error({ err: error, ...placeOf(record) }, 'A record made us fail')
      outcome = await this.#keepAside(record, 'unreadable')
    }
    this.tools.metrics.records.inc({ outcome })
  }

  #take(record: IncomingRecord): Promise<Taken | 'kept_aside' | 'refused'> {
    const { config } = this.tools
    const read = readKafkaRecord(config.KAFKA_TOPIC, record, config.SIGNING_KEYS)
    switch (read.kind) {
      case 'ring':
        return this.#ring(record, read)
      case 'foreign':
        return this.#takeForeign(record, read.value)
      case 'quarantine':
        return this.#keepAside(record, read.reason)
      default:
        return read satisfies never
    }
  }

  async #ring(
    record: IncomingRecord,
    ring: { messageId: string; attempt: number; isUrgent: boolean },
  ): Promise<Taken | 'kept_aside'> {
    const { messageId, attempt, isUrgent } = ring
    const receivedAt = Date.now()
    this.tools.log.debug({ messageId }, `Processing message: offset=${record.offset}, partition=${record.partition}`)
    const times = { producedAt: record.timestamp, receivedAt }
    const taken = await this.tools.intake.take({ messageId, attempt, ...placeOf(record), times }, isUrgent)
    return taken === 'unknown' ? this.#keepAside(record, 'no_row') : taken
  }

  async #takeForeign(record: IncomingRecord, value: Buffer): Promise<Taken | 'kept_aside' | 'refused'> {
    const { config, sql, log } = this.tools
    if (config.FOREIGN_RECORDS === 'quarantine') return this.#keepAside(record, 'unsigned')
    if (config.FOREIGN_RECORDS === 'reject') {
      log.warn(placeOf(record), 'A record of another producer was refused; it is not sent')
      await this.#untilDone(record, () => noteRefusedRecord(sql, placeOf(record)))
      return 'refused'
    }
    const read = readForeignRecord(value, record.timestamp, config)
    if (read.kind === 'quarantine') return this.#keepAside(record, read.reason)
    const { mail, secret } = read
    const accepted = await this.#untilDone(record, () =>
      acceptForeign(sql, mail, {
        ...placeOf(record),
        seal: secret && ((id) => seal(JSON.stringify(secret), id, config.SECRETS_KEYS)),
        lifeMinutes: lifeMinutesOf(mail.type, config.MESSAGE_LIFE_HOURS),
        delivery: deliveryBy(mail.to, { mode: config.DELIVERY_MODE, guestList: config.DELIVERY_GUEST_LIST }),
      }),
    )
    if (accepted === null) return this.#keepAside(record, 'unreadable')
    if (accepted.result === 'too_old') return this.#keepAside(record, 'too_old')
    if (accepted.result === 'id_taken') return this.#keepAside(record, 'id_taken')
    const { result, id } = accepted
    if (result === 'accepted')
      log.info(
        { messageId: id, producerId: mail.producerId, ...placeOf(record) },
        'Took in the mail of another producer',
      )
    return this.#ring(record, { messageId: id, attempt: 1, isUrgent: mail.priority === 'high' })
  }

  async #keepAside(record: IncomingRecord, reason: DeadRecordReason): Promise<'kept_aside'> {
    const { config, sql, log } = this.tools
    log.warn({ ...placeOf(record), reason }, 'A record was kept aside; it is not sent')
    const { key, value } = record
    const bare = { topic: config.KAFKA_TOPIC, ...placeOf(record), reason, key, value }
    const kept = await this.#untilDone(record, () =>
      keepDeadRecord(sql, { ...bare, headers: readableHeaders(record.headers) }).then(() => true),
    )
    if (kept === null) await this.#untilDone(record, () => keepDeadRecord(sql, { ...bare, headers: {} }))
    return 'kept_aside'
  }

  /** However long Postgres is away or full: the offset moves only once it is safe there. Null when it never takes such a value. */
  async #untilDone<T>(record: IncomingRecord, work: () => Promise<T>): Promise<T | null> {
    for (;;) {
      try {
        return await this.#gate.run(work)
      } catch (error) {
        if (refusesValue(error)) {
          this.tools.log.error({ err: error, ...placeOf(record) }, 'Postgres does not take what a record holds')
          return null
        }
        if (this.#stopping) throw new NotTaken('The worker is stopping')
        this.tools.log.warn({ err: error, ...placeOf(record) }, 'A record could not be written down; trying again')
        await new Promise((resolve) => setTimeout(resolve, againMs))
      }
    }
  }
}

const placeOf = ({ partition, offset }: IncomingRecord) => ({ partition, offset })

/** As text where it is text that Postgres can store, else as base64: nothing of a header is lost, and none stops us. */
function readable(value: Buffer | string): string {
  const bytes = Buffer.from(value)
  const text = bytes.toString()
  return bytes.equals(Buffer.from(text)) && !text.includes('\0') ? text : `base64:${bytes.toString('base64')}`
}

const readableHeaders = (headers: RawRecord['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[readable(name), [value].flat().map(readable).join(', ')]],
    ),
  )
