import { randomUUID } from 'node:crypto'
import { createKafka } from '@/kafka/client'
import type { KafkaConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'

/** A record as it lies in Kafka. */
export type Kept = {
  topic: string
  partition: number
  offset: string
  key: Buffer | null
  value: Buffer | null
  headers: Record<string, Buffer | string | (Buffer | string)[] | undefined>
}

/** Every record of these topics, from the beginning to where they end now. */
export async function readTopics(config: KafkaConfig, log: Logger, topics: readonly string[]): Promise<Kept[]> {
  const kafka = createKafka(config, 'faults-read', log)
  const admin = kafka.admin()
  await admin.connect()
  const missing = new Map<string, number>()
  try {
    for (const topic of topics) {
      for (const end of await admin.fetchTopicOffsets(topic)) {
        if (Number(end.high) > Number(end.low)) missing.set(`${topic}/${end.partition}`, Number(end.high) - 1)
      }
    }
  } finally {
    await admin.disconnect()
  }
  const records: Kept[] = []
  if (missing.size === 0) return records
  const consumer = kafka.consumer({ groupId: `faults-read-${randomUUID()}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  try {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      consumer
        .run({
          autoCommit: false,
          eachMessage: ({ topic, partition, message }) => {
            const { key, value, offset, headers = {} } = message
            records.push({ topic, partition, offset, key, value, headers })
            if (Number(offset) >= (missing.get(`${topic}/${partition}`) ?? Number.POSITIVE_INFINITY)) {
              missing.delete(`${topic}/${partition}`)
            }
            if (missing.size === 0) resolve()
            return Promise.resolve()
          },
        })
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return records
}

export async function listTopics(config: KafkaConfig, log: Logger): Promise<string[]> {
  const admin = createKafka(config, 'faults-topics', log).admin()
  await admin.connect()
  try {
    return await admin.listTopics()
  } finally {
    await admin.disconnect()
  }
}
