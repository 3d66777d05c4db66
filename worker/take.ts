import type { Sql } from '@/db/client'
import { keepDeadRecord } from '@/db/dead-records'
import { NotTaken, type IncomingRecord } from '@/kafka/consume'
import { readKafkaRecord } from '@/kafka/record'
import type { WorkerConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import type { Intake } from './intake'
import type { Metrics } from './metrics'

type Tools = { config: WorkerConfig; sql: Sql; intake: Pick<Intake, 'take'>; metrics: Metrics; log: Logger }

/** What becomes of each record that Kafka hands us: held, stale, or kept aside. */
export class Taker {
  #stopping = false

  constructor(private readonly tools: Tools) {}

  stop(): void {
    this.#stopping = true
  }

  /** Settles once the record's offset may move. Rejects only with `NotTaken`. */
  async take(record: IncomingRecord): Promise<void> {
    const { config, intake, metrics, log } = this.tools
    const read = readKafkaRecord(config.KAFKA_TOPIC, record, config.SIGNING_KEYS)
    if (read.kind === 'ring') {
      log.debug(
        { messageId: read.messageId },
        `Processing message: offset=${record.offset}, partition=${record.partition}`,
      )
      const what = await intake.take({ ...read, partition: record.partition, offset: record.offset })
      metrics.records.inc({ outcome: what })
      return
    }
    log.warn(
      { partition: record.partition, offset: record.offset, reason: read.reason },
      'A record was kept aside; it is not sent',
    )
    await this.#untilKept(record, read.reason)
    metrics.records.inc({ outcome: 'kept_aside' })
  }

  /** Its offset moves only once it is safe in Postgres, however long that takes. */
  async #untilKept(record: IncomingRecord, reason: string): Promise<void> {
    for (;;) {
      try {
        await keepDeadRecord(this.tools.sql, {
          topic: this.tools.config.KAFKA_TOPIC,
          partition: record.partition,
          offset: record.offset,
          reason,
          key: record.key,
          value: record.value,
          headers: Object.fromEntries(Object.entries(record.headers ?? {}).map(([key, value]) => [key, String(value)])),
        })
        return
      } catch (error) {
        if (this.#stopping) throw new NotTaken('The worker is stopping')
        this.tools.log.warn({ err: error }, 'A record could not be kept aside; trying again')
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    }
  }
}
