import type { KafkaConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { createKafka } from './client'

/** Makes both topics where they are missing; Kafka never makes them by itself with settings that nobody chose. */
export async function ensureTopics(config: KafkaConfig, log: Logger): Promise<void> {
  const admin = createKafka(config, 'topics', log).admin()
  await admin.connect()
  try {
    const made = await admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic: config.KAFKA_TOPIC,
          numPartitions: config.KAFKA_PARTITIONS,
          replicationFactor: config.KAFKA_REPLICATION,
        },
        { topic: config.KAFKA_DLQ_TOPIC, numPartitions: 1, replicationFactor: config.KAFKA_REPLICATION },
      ],
    })
    if (made) log.info({ topics: [config.KAFKA_TOPIC, config.KAFKA_DLQ_TOPIC] }, 'Topics created')
  } finally {
    await admin.disconnect()
  }
}
