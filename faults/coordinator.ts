import { createKafka } from '@/kafka/client'
import type { Broker, Rig } from './rig'

const offsetsTopic = '__consumer_offsets'

/** The broker that coordinates our consumer group: the leader of the partition that keeps the group's offsets. */
export async function coordinatorOf(rig: Rig): Promise<Broker> {
  const admin = createKafka(rig.config, 'faults-coordinator', rig.log).admin()
  await admin.connect()
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [offsetsTopic] })
    const partitions = topics[0]?.partitions ?? []
    const wanted = (hashOf(rig.config.KAFKA_GROUP_ID) & 0x7fffffff) % partitions.length
    const leader = partitions.find(({ partitionId }) => partitionId === wanted)?.leader
    const broker = rig.brokers.find(({ id }) => id === leader)
    if (!broker) throw new Error('The group has no coordinator')
    return broker
  } finally {
    await admin.disconnect()
  }
}

/** `String.hashCode` of Java: how Kafka chooses that partition. */
const hashOf = (text: string) => Buffer.from(text, 'ascii').reduce((hash, sign) => (Math.imul(hash, 31) + sign) | 0, 0)
