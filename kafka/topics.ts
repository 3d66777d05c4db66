import type { Admin } from 'kafkajs'
import type { KafkaConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { ConfigResourceTypes, createKafka, KafkaJSAggregateError, withDeadline } from './client'
import { kafkaRefusal } from './refusal'

type Wanted = { topic: string; partitions: number; replication: number; entries: Record<string, string> }

/** One machine of the others may be away: with three copies, two must be there for a record to count as taken (KAFKA.md 0.1). */
const insync = (replication: number) => (replication >= 3 ? 2 : 1)

/** Every setting that matters to us is said, so that no broker's default decides. */
function wantedTopics(config: KafkaConfig): Wanted[] {
  const entries = {
    'cleanup.policy': 'delete',
    'retention.ms': String(config.KAFKA_RETENTION_HOURS * 3_600_000),
    'min.insync.replicas': String(insync(config.KAFKA_REPLICATION)),
    // Kafka's own standard, said: our records are far smaller, and what others send may be kept aside in one row.
    'max.message.bytes': '1048576',
  }
  const replication = config.KAFKA_REPLICATION
  return [
    { topic: config.KAFKA_TOPIC, partitions: config.KAFKA_PARTITIONS, replication, entries },
    { topic: config.KAFKA_DLQ_TOPIC, partitions: 1, replication, entries },
  ]
}

/** Kafka is there and refuses to make a topic with these settings: only a person can change that. */
export class TopicRefused extends Error {
  override name = 'TopicRefused'
}

/**
 * Makes both topics where they are missing, and leaves those that are there as they are (`checkTopics` says what differs).
 * @throws TopicRefused, for example for more copies than there are brokers
 */
export async function ensureTopics(config: KafkaConfig, log: Logger): Promise<void> {
  await withAdmin(config, log, async (admin) => {
    const there = new Set(await admin.listTopics())
    const missing = wantedTopics(config).filter(({ topic }) => !there.has(topic))
    if (missing.length === 0) return
    // False when another process made them in the meantime.
    const create = admin.createTopics({
      // kafkajs's own wait gives up when the answer comes from before the topic was known everywhere.
      waitForLeaders: false,
      topics: missing.map(({ topic, partitions, replication, entries }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: replication,
        configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
      })),
    })
    const names = missing.map(({ topic }) => topic)
    const made = await create.catch((error: unknown) => {
      if (!(error instanceof KafkaJSAggregateError) || kafkaRefusal(error, config, names)) throw error
      throw refusalOf(error.errors, config)
    })
    while (!(await haveLeaders(admin, names))) await new Promise((resolve) => setTimeout(resolve, 50))
    if (made) log.info({ topics: names }, 'Topics created')
  })
}

function refusalOf(errors: (Error | string)[], config: KafkaConfig): TopicRefused {
  const words = [...new Set(errors.map((error) => (error instanceof Error ? error.message : error)))].join('; ')
  return new TopicRefused(
    `Kafka does not make the topics with KAFKA_PARTITIONS ${config.KAFKA_PARTITIONS} and KAFKA_REPLICATION ${config.KAFKA_REPLICATION}: ${words}.`,
  )
}

/** Whether records can be written to every partition. A topic that was just made may not be known yet. */
async function haveLeaders(admin: Admin, topics: string[]): Promise<boolean> {
  try {
    const metadata = await admin.fetchTopicMetadata({ topics })
    return metadata.topics.every(
      ({ partitions }) =>
        partitions.length > 0 &&
        partitions.every(({ leader, partitionErrorCode }) => leader >= 0 && partitionErrorCode === 0),
    )
  } catch (error) {
    if (error instanceof Error && 'type' in error && notYet.has(String(error.type))) return false
    throw error
  }
}

const notYet = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'])

/** What of the topics differs from what the settings ask for, in plain sentences. Rejects when Kafka does not answer. */
export async function checkTopics(config: KafkaConfig, log: Logger): Promise<string[]> {
  return withAdmin(config, log, async (admin) => {
    const there = new Set(await admin.listTopics())
    const differences: string[] = []
    const wanted = wantedTopics(config)
    for (const { topic } of wanted) if (!there.has(topic)) differences.push(`The topic ${topic} does not exist.`)
    const present = wanted.filter(({ topic }) => there.has(topic))
    if (present.length === 0) return differences
    const { topics } = await admin.fetchTopicMetadata({ topics: present.map(({ topic }) => topic) })
    const settings = await describe(admin, present)
    if (!settings)
      differences.push(`Kafka does not let us read the settings of ${listed(present)}: they are not compared.`)
    for (const want of present) {
      const partitions = topics.find(({ name }) => name === want.topic)?.partitions ?? []
      const entries = settings?.find(({ resourceName }) => resourceName === want.topic)?.configEntries ?? []
      const have = Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]))
      differences.push(
        ...topicDifferences(want, {
          partitions: partitions.length,
          replication: Math.min(...partitions.map(({ replicas }) => replicas.length)),
          entries: have,
        }),
      )
    }
    return differences
  })
}

const listed = (topics: Wanted[]) => topics.map(({ topic }) => topic).join(' and ')

/** Null for an account that may use the topics, but not see their settings (DESCRIBE_CONFIGS): then there is nothing to compare. */
async function describe(admin: Admin, topics: Wanted[]) {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map(({ topic, entries }) => ({
        type: ConfigResourceTypes.TOPIC,
        name: topic,
        configNames: Object.keys(entries),
      })),
    })
    return resources
  } catch (error) {
    if (error instanceof Error && 'type' in error && error.type === 'TOPIC_AUTHORIZATION_FAILED') return null
    throw error
  }
}

/** Pure, so that every sentence can be tried. */
export function topicDifferences(
  want: Wanted,
  have: { partitions: number; replication: number; entries: Record<string, string> },
): string[] {
  const { topic } = want
  const said: string[] = []
  const differ = (what: string, is: number | string, asked: number | string, by: string) =>
    said.push(`The topic ${topic} has ${what} ${is}, and ${by} asks for ${asked}.`)
  if (have.partitions !== want.partitions) {
    const fewer = have.partitions < want.partitions
    said.push(
      `The topic ${topic} has ${have.partitions} ${have.partitions === 1 ? 'partition' : 'partitions'}, ${fewer ? 'fewer' : 'more'} than the ${want.partitions} asked for${fewer ? ': only so many workers share its records' : ''}.`,
    )
  }
  if (have.replication !== want.replication)
    differ('the replication', have.replication, want.replication, 'KAFKA_REPLICATION')
  const by: Record<string, string> = {
    'retention.ms': 'KAFKA_RETENTION_HOURS',
    'min.insync.replicas': 'its replication',
  }
  for (const [name, asked] of Object.entries(want.entries)) {
    const is = have.entries[name]
    if (is !== undefined && is !== asked) differ(name, is, asked, by[name] ?? 'the service')
  }
  return said
}

async function withAdmin<T>(config: KafkaConfig, log: Logger, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = createKafka(config, 'topics', log).admin()
  try {
    // Its own timeouts cover what is in flight only: what is throttled or queued would wait for ever (RELIABILITY K18).
    return await withDeadline(
      admin.connect().then(() => work(admin)),
      15_000,
      'Asking Kafka about the topics',
    )
  } finally {
    void withDeadline(admin.disconnect(), 2_000, 'Leaving Kafka').catch((error: unknown) =>
      log.debug({ err: error }, 'The topics connection did not close in time'),
    )
  }
}
