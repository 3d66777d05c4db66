import type { Admin } from 'kafkajs'
import type { KafkaConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { createKafka, withDeadline } from './client'

export type Lag = {
  /** By partition: up to where the group has committed, and where the next record goes. */
  parts: Map<number, { position: number; end: number }>
  /** Records that the group has not committed yet. */
  total: number
  /** Sum of committed offsets: its growth is what the group drains. */
  committed: number
}

/** Connecting and asking take six answers one after the other: time enough for a Kafka that takes a second for each. */
const workerDeadlineMs = 10_000

/** Asks Kafka how far the group is behind, over one kept connection. */
export class LagReader {
  #admin: Admin | null = null

  constructor(
    private readonly config: KafkaConfig,
    private readonly log: Logger,
    private readonly deadlineMs = workerDeadlineMs,
  ) {}

  /** Rejects when Kafka does not answer in time; the next call connects anew. */
  async read(): Promise<Lag> {
    try {
      return await withDeadline(this.#read(), this.deadlineMs, 'Reading the lag')
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async #read(): Promise<Lag> {
    if (!this.#admin) {
      const admin = createKafka(this.config, 'lag', this.log).admin()
      await admin.connect()
      this.#admin = admin
    }
    const { KAFKA_TOPIC: topic, KAFKA_GROUP_ID: groupId } = this.config
    const [ends, group] = await Promise.all([
      this.#admin.fetchTopicOffsets(topic),
      this.#admin.fetchOffsets({ groupId, topics: [topic] }),
    ])
    const committedOf = new Map(group[0]?.partitions.map((part) => [part.partition, Number(part.offset)]))
    const parts: Lag['parts'] = new Map()
    for (const { partition, low, high } of ends) {
      const offset = committedOf.get(partition) ?? -1
      parts.set(partition, { position: offset < 0 ? Number(low) : offset, end: Number(high) })
    }
    const all = [...parts.values()]
    return {
      parts,
      committed: all.reduce((sum, { position }) => sum + position, 0),
      total: all.reduce((sum, { position, end }) => sum + end - position, 0),
    }
  }

  async close(): Promise<void> {
    const admin = this.#admin
    this.#admin = null
    try {
      if (admin) await withDeadline(admin.disconnect(), 2_000, 'Closing the lag reader')
    } catch (error) {
      this.log.debug({ err: error }, 'The lag reader did not close in time')
    }
  }
}
