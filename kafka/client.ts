import kafkajs, { Kafka, logLevel } from 'kafkajs'
import SnappyCodec from 'kafkajs-snappy'
import type { KafkaConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'

// Node does not see these as named exports of a CommonJS module.
export const { CompressionTypes, ConfigResourceTypes } = kafkajs
const { CompressionCodecs } = kafkajs

// A Snappy batch without its codec stops the consumer for good, so it is registered before anything connects.
CompressionCodecs[CompressionTypes.Snappy] = SnappyCodec

/**
 * One Kafka instance for each producer, consumer or admin: two members of one group from one instance share the
 * committed-offsets map (tulios/kafkajs#1371).
 */
export function createKafka(config: KafkaConfig, clientId: string, log: Logger): Kafka {
  return new Kafka({
    clientId,
    brokers: config.KAFKA_BROKERS,
    connectionTimeout: 2_000,
    // Above the session timeout: a SyncGroup waits for the session of a dead leader (RELIABILITY 0.4).
    requestTimeout: 45_000,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    logLevel: logLevel.WARN,
    // kafkajs says the same on every retry of an outage, and every refusal that is part of normal life ("the topic exists",
    // "the coordinator is not there yet"): what matters is said once by those who use it, this is for a closer look.
    logCreator: () => (entry) => log.debug({ kafkajs: entry.namespace, ...entry.log }, entry.log.message),
  })
}

/** Rejects when the promise has not settled in time. What it stands for may still happen. */
export async function withDeadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
