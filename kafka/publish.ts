import { Partitioners, type PartitionMetadata, type Producer } from 'kafkajs'
import type { KafkaConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { CompressionTypes, createKafka, withDeadline } from './client'
import type { Publishable } from './record'
import { kafkaRefusal } from './refusal'

const reconnectEveryMs = 500

/**
 * What one `send()` carries at most, in bytes before compression: a batch has to stay under `max.message.bytes` of the topic
 * (1 MiB), however badly it compresses.
 */
const sendBytes = 524_288

/** Kafka said no to the record itself: it would say so every time. */
const refusals = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP'])

function isRefusal(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('type' in at && typeof at.type === 'string' && refusals.has(at.type)) return true
  }
  return false
}

/**
 * - `taken`    all in-sync replicas have it
 * - `not_now`  it may or may not be there: publish it again
 * - `refused`  Kafka will never take this record
 */
export type Published = 'taken' | 'not_now' | 'refused'

const partitioner = Partitioners.DefaultPartitioner()

const choosePartition = (topic: string, key: string | Buffer | null, partitionMetadata: PartitionMetadata[]): number =>
  partitioner({ topic, partitionMetadata, message: { key, value: null } })

/**
 * Publishes and believes nothing that Kafka has not said for that very partition.
 *
 * kafkajs can report success for records that it lost when a leader moves (tulios/kafkajs#1303), and a producer whose
 * socket went silent stays broken. So: one `send()` for one partition, its result checked, a deadline around it, and a new
 * producer whenever there is a doubt. While Kafka is away, `publish` fails at once instead of waiting each time.
 */
export class Publisher {
  #producer: Producer | null = null
  #partitions = new Map<string, PartitionMetadata[]>()
  #connecting: Promise<void> | null = null
  #downSince: number | null = null
  #closed = false

  constructor(
    private readonly config: KafkaConfig,
    private readonly clientId: string,
    private readonly log: Logger,
  ) {}

  /** Begins to connect and to learn the partitions; does not wait, and does not fail: `publish` says whether Kafka is there. */
  start(topic: string): void {
    void this.#connect()
      .then(() => this.#partitionsOf(topic))
      .catch((error: unknown) => this.log.warn({ err: error }, `The partitions of ${topic} are not known yet`))
  }

  get isDown(): boolean {
    return this.#downSince !== null
  }

  /**
   * @param deadlineMs for the whole call
   * @returns for each record whether Kafka has it (acks from all in-sync replicas)
   */
  async publish(topic: string, records: readonly Publishable[], deadlineMs: number): Promise<boolean[]> {
    const done = await this.publishEach(topic, records, deadlineMs)
    return done.map((what) => what === 'taken')
  }

  /** The same, telling apart what Kafka will never take. */
  async publishEach(topic: string, records: readonly Publishable[], deadlineMs: number): Promise<Published[]> {
    const done = records.map((): Published => 'not_now')
    const used = this.#producer
    try {
      if (this.isDown) throw new Error('Kafka is away')
      await withDeadline(this.#publishByPartition(topic, records, done), deadlineMs, 'Publishing to Kafka')
    } catch (error) {
      this.#replace(error, used, topic)
    }
    return [...done]
  }

  /** Where records of this key go, once the partitions are known (murmur2, as every Kafka client counts). */
  partitionOf(topic: string, key: string): number | null {
    const partitions = this.#partitions.get(topic)
    return partitions ? choosePartition(topic, key, partitions) : null
  }

  async close(): Promise<void> {
    this.#closed = true
    const producer = this.#producer
    this.#producer = null
    if (producer) await this.#disconnect(producer)
  }

  async #publishByPartition(topic: string, records: readonly Publishable[], done: Published[]): Promise<void> {
    await this.#connect()
    const producer = this.#producer
    if (!producer) throw new Error('Kafka is away')
    const partitions = await this.#partitionsOf(topic)
    const groups = new Map<number, number[]>()
    for (const [index, record] of records.entries()) {
      const partition = choosePartition(topic, record.key, partitions)
      const group = groups.get(partition)
      if (group) group.push(index)
      else groups.set(partition, [index])
    }
    const sendAll = async (indexes: readonly number[], partition: number): Promise<void> => {
      try {
        const messages = indexes.map(
          (index) => ({ ...records[index], partition }) as Publishable & { partition: number },
        )
        const result = await producer.send({ topic, acks: -1, compression: CompressionTypes.Snappy, messages })
        if (!result.some((part) => part.partition === partition && part.errorCode === 0)) {
          throw new Error(`Kafka did not confirm partition ${partition} of ${topic}`)
        }
        for (const index of indexes) done[index] = 'taken'
      } catch (error) {
        if (!isRefusal(error)) throw error
        // One record spoils its whole batch: found by halving, so that the others are not held up by it (RELIABILITY K27).
        const [one, ...more] = indexes
        if (one !== undefined && more.length === 0) {
          done[one] = 'refused'
          this.log.error({ err: error, topic, key: String(records[one]?.key) }, 'Kafka refuses this record')
          return
        }
        const middle = Math.ceil(indexes.length / 2)
        await sendAll(indexes.slice(0, middle), partition)
        await sendAll(indexes.slice(middle), partition)
      }
    }
    const results = await Promise.allSettled(
      [...groups].map(async ([partition, indexes]) => {
        for (const part of inParts(indexes, (index) => records[index]?.value?.length ?? 0))
          await sendAll(part, partition)
      }),
    )
    const failure = results.find((result) => result.status === 'rejected')
    if (failure) throw failure.reason
  }

  async #partitionsOf(topic: string): Promise<PartitionMetadata[]> {
    const known = this.#partitions.get(topic)
    if (known) return known
    const admin = createKafka(this.config, `${this.clientId}-topics`, this.log).admin()
    try {
      const { topics } = await withDeadline(
        admin.connect().then(() => admin.fetchTopicMetadata({ topics: [topic] })),
        10_000,
        `Asking for the partitions of ${topic}`,
      )
      const partitions = topics[0]?.partitions ?? []
      if (partitions.length === 0) throw new Error(`The topic ${topic} has no partitions`)
      this.#partitions.set(topic, partitions)
      return partitions
    } finally {
      void this.#disconnect(admin)
    }
  }

  #connect(): Promise<void> {
    if (this.#producer || this.#closed) return Promise.resolve()
    this.#connecting ??= this.#connectUntilThere().finally(() => {
      this.#connecting = null
    })
    return this.#connecting
  }

  async #connectUntilThere(): Promise<void> {
    while (!this.#closed) {
      const producer = createKafka(this.config, this.clientId, this.log).producer({
        allowAutoTopicCreation: false,
        createPartitioner: Partitioners.DefaultPartitioner,
        // Duplicates come all the same, and it adds an error of its own that ends it (KAFKA.md 3, RELIABILITY K19).
        idempotent: false,
        // Longer than a leader election; the caller's deadline decides how long anyone waits.
        retry: { initialRetryTime: 100, maxRetryTime: 1_500, retries: 12 },
      })
      try {
        await withDeadline(producer.connect(), 5_000, 'Connecting to Kafka')
        this.#producer = producer
        if (this.#downSince !== null)
          this.log.info({ awayMs: Math.round(performance.now() - this.#downSince) }, 'Kafka is back')
        this.#downSince = null
        return
      } catch (error) {
        this.#sayDown(error, [this.config.KAFKA_TOPIC])
        await this.#disconnect(producer)
        await new Promise((resolve) => setTimeout(resolve, reconnectEveryMs).unref())
      }
    }
  }

  #replace(error: unknown, used: Producer | null, topic: string): void {
    // Another call has already replaced the one that failed here.
    if (this.#closed || (used && this.#producer !== used)) return
    this.#sayDown(error, [topic])
    const doubtful = this.#producer
    this.#producer = null
    this.#partitions.clear()
    if (doubtful) void this.#disconnect(doubtful)
    void this.#connect()
  }

  #sayDown(error: unknown, topics: string[]): void {
    if (this.#downSince !== null) return
    this.#downSince = performance.now()
    const refusal = kafkaRefusal(error, this.config, topics)
    this.log.warn({ err: error }, `${refusal ?? 'Kafka cannot be reached.'} Records wait in the outbox`)
  }

  async #disconnect(client: Pick<Producer, 'disconnect'>): Promise<void> {
    try {
      await withDeadline(client.disconnect(), 2_000, 'Leaving Kafka')
    } catch (error) {
      this.log.debug({ err: error }, 'A connection to Kafka did not close in time')
    }
  }
}

/** In order, in runs of at most `sendBytes` and never empty. */
function inParts(indexes: readonly number[], bytesOf: (index: number) => number): number[][] {
  const parts: number[][] = []
  let bytes = Infinity
  for (const index of indexes) {
    bytes += bytesOf(index)
    if (bytes > sendBytes) {
      parts.push([])
      bytes = bytesOf(index)
    }
    parts.at(-1)?.push(index)
  }
  return parts
}
