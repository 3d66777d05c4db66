import type { Consumer, EachBatchPayload } from 'kafkajs'
import type { KafkaConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { createKafka, withDeadline } from './client'
import type { RawRecord } from './record'

export type IncomingRecord = RawRecord & { partition: number; offset: number }

/** The worker is stopping: the record was not taken, and its offset must not move. */
export class NotTaken extends Error {
  override name = 'NotTaken'
}

type Options = {
  config: KafkaConfig
  worker: string
  log: Logger
  /** Settles when the record is held, stale or kept aside; rejects only with `NotTaken`. */
  take: (record: IncomingRecord) => Promise<void>
  /** The consumer cannot go on in this process. */
  onDead: (error: Error) => void
}

const heartbeatEveryMs = 2_000
const sessionTimeout = 10_000

/**
 * Joins the group and hands on every record. Offsets move only behind what was durably taken, in order.
 *
 * The handler never throws for a record's sake: in kafkajs a SyntaxError or TypeError thrown here stops the consumer for good,
 * any other error repeats the batch for ever.
 */
export async function startConsumer(options: Options): Promise<{ isJoined: () => boolean; stop: () => Promise<void> }> {
  const { config, log } = options
  const consumer: Consumer = createKafka(config, options.worker, log).consumer({
    groupId: config.KAFKA_GROUP_ID,
    sessionTimeout,
    rebalanceTimeout: 60_000,
    heartbeatInterval: 3_000,
    // Only idle polling: a record that comes is fetched at once. Keeps `disconnect` short (KAFKA.md 0.4).
    maxWaitTimeInMs: 250,
    maxBytesPerPartition: 262_144,
    maxBytes: 4_194_304,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 300, maxRetryTime: 5_000, retries: 8, restartOnFailure: () => Promise.resolve(true) },
  })
  let joined = false
  let stopping = false
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    joined = true
    log.info(
      { partitions: payload.memberAssignment[config.KAFKA_TOPIC] ?? [], memberId: payload.memberId },
      'Joined the group',
    )
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    joined = false
    log.error({ err: payload.error, restart: payload.restart }, 'The consumer stopped')
    // kafkajs will not start it again: only a new process can.
    if (!payload.restart && !stopping) options.onDead(payload.error)
  })

  await consumer.connect()
  await consumer.subscribe({ topics: [config.KAFKA_TOPIC], fromBeginning: true })
  await consumer.run({
    eachBatchAutoResolve: false,
    // Often enough for the relay to see from the committed offsets how fast the group drains.
    autoCommitInterval: 250,
    partitionsConsumedConcurrently: config.KAFKA_PARTITIONS,
    eachBatch: (payload) => takeBatch(payload, options.take),
  })

  return {
    isJoined: () => joined,
    async stop() {
      stopping = true
      joined = false
      await withDeadline(consumer.disconnect(), 5_000, 'Leaving the consumer group')
    },
  }
}

async function takeBatch(payload: EachBatchPayload, take: Options['take']): Promise<void> {
  const { batch } = payload
  const goesOn = () => payload.isRunning() && !payload.isStale()
  if (!goesOn()) return
  const taken = batch.messages.map((message) => {
    const promise = take({
      key: message.key,
      value: message.value,
      headers: message.headers,
      partition: batch.partition,
      offset: Number(message.offset),
    })
    // Awaited below, in order; until then a refusal is not an unhandled one.
    promise.catch(() => undefined)
    return { offset: message.offset, promise }
  })
  for (const { offset, promise } of taken) {
    if (!(await settledWhileAlive(promise, () => payload.heartbeat()))) return
    if (!goesOn()) return
    payload.resolveOffset(offset)
    await payload.commitOffsetsIfNecessary()
  }
  await payload.heartbeat()
}

/** Waits however long it takes, telling the group that we live. A heartbeat that fails means a rebalance: it must surface. */
async function settledWhileAlive(promise: Promise<void>, heartbeat: () => Promise<void>): Promise<boolean> {
  const outcome = promise.then(
    () => true,
    (error: unknown) => {
      if (error instanceof NotTaken) return false
      throw error
    },
  )
  for (;;) {
    let timer: NodeJS.Timeout | undefined
    const tick = new Promise<'tick'>((resolve) => {
      timer = setTimeout(() => resolve('tick'), heartbeatEveryMs)
    })
    const first = await Promise.race([outcome, tick]).finally(() => clearTimeout(timer))
    if (first !== 'tick') return first
    await heartbeat()
  }
}
