import type { Admin } from 'kafkajs'
import type { KafkaConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { createKafka, withDeadline } from './client'

export type Lag = {
  /** Records that the group has not committed yet, by partition. */
  behind: Map<number, number>
  total: number
  /** Sum of committed offsets: its growth is what the group drains. */
  committed: number
}

/** Asks Kafka how far the group is behind, over one kept connection. */
export class LagReader {
  #admin: Admin | null = null

  constructor(
    private readonly config: KafkaConfig,
    private readonly log: Logger,
  ) {}

  /** Rejects when Kafka does not answer within 3 s; the next call connects anew. */
  async read(): Promise<Lag> {
    try {
      return await withDeadline(this.#read(), 3_000, 'Reading the lag')
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
    const behind = new Map<number, number>()
    let committed = 0
    for (const end of ends) {
      const offset = committedOf.get(end.partition) ?? -1
      const position = offset < 0 ? Number(end.low) : offset
      committed += position
      behind.set(end.partition, Number(end.high) - position)
    }
    return { behind, committed, total: [...behind.values()].reduce((sum, count) => sum + count, 0) }
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
