import { randomUUID } from 'node:crypto'
import { CompressionTypes, createKafka } from '@/kafka/client'
import { registerCodecs } from '@/kafka/codecs'
import type { KafkaConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'

export type NewRecord = Pick<KeptRecord, 'partition' | 'key' | 'value'> & { headers?: KeptRecord['headers'] }
type Codec = 'none' | 'gzip' | 'snappy'

const codecs = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy }

/** A record as it lies in Kafka. */
export type KeptRecord = {
  topic: string
  partition: number
  offset: string
  key: Buffer | null
  value: Buffer | null
  headers: Record<string, Buffer | string | (Buffer | string)[] | undefined>
}

/** Every record of these topics, from the beginning to where they end now. */
export async function readTopics(config: KafkaConfig, log: Logger, topics: readonly string[]): Promise<KeptRecord[]> {
  await registerCodecs()
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
  const records: KeptRecord[] = []
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

/** As another producer would, byte for byte. @returns the offset of each */
export async function produce(
  config: KafkaConfig,
  log: Logger,
  topic: string,
  records: readonly NewRecord[],
  codec: Codec = 'none',
): Promise<number[]> {
  const producer = createKafka(config, 'faults-produce', log).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  try {
    const offsets: number[] = []
    for (const { headers = {}, ...record } of records) {
      const [result] = await producer.send({
        topic,
        acks: -1,
        compression: codecs[codec],
        messages: [{ ...record, headers }],
      })
      offsets.push(Number(result?.baseOffset))
    }
    return offsets
  } finally {
    await producer.disconnect()
  }
}

/** Runs the work while the brokers rewrite whatever comes to this topic with another codec, as a topic may be set to. */
export async function withTopicCodec(
  config: KafkaConfig,
  log: Logger,
  topic: string,
  codec: 'lz4' | 'zstd',
  work: () => Promise<void>,
): Promise<void> {
  const admin = createKafka(config, 'faults-codec', log).admin()
  await admin.connect()
  const set = (configEntries: { name: string; value: string }[]) =>
    admin.alterConfigs({ validateOnly: false, resources: [{ type: topicResource, name: topic, configEntries }] })
  try {
    const described = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: topicResource, name: topic }],
    })
    // What was set for this topic: `alterConfigs` replaces all of it.
    const before = (described.resources[0]?.configEntries ?? [])
      .filter(isSetForTopic)
      .map(({ configName, configValue }) => ({ name: configName, value: configValue }))
    await set([...before.filter(({ name }) => name !== 'compression.type'), { name: 'compression.type', value: codec }])
    try {
      await work()
    } finally {
      await set(before)
    }
  } finally {
    await admin.disconnect()
  }
}

/** `ConfigResourceTypes.TOPIC` and `ConfigSource.TOPIC_CONFIG` of kafkajs, which only kafka/ imports. */
const topicResource = 2
const isSetForTopic = ({ configSource }: { configSource: number }) => configSource === 1

/** The group must have no members. */
export async function rewindGroup(config: KafkaConfig, log: Logger): Promise<void> {
  const admin = createKafka(config, 'faults-rewind', log).admin()
  await admin.connect()
  try {
    await admin.resetOffsets({ groupId: config.KAFKA_GROUP_ID, topic: config.KAFKA_TOPIC, earliest: true })
  } finally {
    await admin.disconnect()
  }
}
