import type { Consumer, EachBatchPayload } from 'kafkajs'
import type { KafkaConfig } from '@/runtime/config'
import type { Logger } from '@/runtime/log'
import { createKafka, withDeadline } from './client'
import { registerCodecs } from './codecs'
import type { RawRecord } from './record'
import { ensureTopics } from './topics'

/** `timestamp`: when it was produced, by the producer's clock, in milliseconds. */
export type IncomingRecord = RawRecord & { partition: number; offset: number; timestamp: number }

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
  /** Whether the rest of this process reaches Kafka. */
  isKafkaUp: () => boolean
  /** The consumer cannot go on in this process. */
  onDead: (error: Error) => void
  /** For tests: how often the watchdog looks. */
  lookEveryMs?: number
}

/** A stuck consumer is given up after so many looks: 90 s in the group without a sign of life, 5 min outside of it. */
const looks = { everyMs: 5_000, silent: 18, outside: 60 }

/**
 * Joins the group and hands on every record. Offsets move only behind what was durably taken, in order.
 *
 * The handler never throws for a record's sake: in kafkajs a SyntaxError or TypeError thrown here stops the consumer for good,
 * any other error repeats the batch for ever.
 */
export async function startConsumer(options: Options): Promise<{ isJoined: () => boolean; stop: () => Promise<void> }> {
  const { config, log } = options
  await registerCodecs()
  const sessionTimeout = config.KAFKA_SESSION_TIMEOUT_MS
  const heartbeatInterval = Math.min(3_000, Math.floor(sessionTimeout / 3))
  const consumer: Consumer = createKafka(config, options.worker, log).consumer({
    groupId: config.KAFKA_GROUP_ID,
    sessionTimeout,
    rebalanceTimeout: 60_000,
    heartbeatInterval,
    // Only idle polling: a record that comes is fetched at once. Keeps `disconnect` short (KAFKA.md 0.4).
    maxWaitTimeInMs: 250,
    // A whole fetch is held in memory, and one slow partition blocks the others of its broker (RELIABILITY K16, K31).
    maxBytesPerPartition: 262_144,
    maxBytes: 4_194_304,
    // A topic made by itself would have a broker's defaults: one partition, one copy.
    allowAutoTopicCreation: false,
    // Said here: the consumer's own default overrides the client's (RELIABILITY K4).
    retry: {
      initialRetryTime: 300,
      maxRetryTime: 5_000,
      retries: 8,
      restartOnFailure: (error) => mendTopics(error, config, log),
    },
  })
  const state = { joined: false, stopping: false, silent: 0, outside: 0 }
  const alive = () => {
    state.silent = 0
  }
  consumer.on(consumer.events.FETCH, alive)
  // Sent by idle fetches and by a handler that waits: both are progress.
  consumer.on(consumer.events.HEARTBEAT, alive)
  // Until it has joined for the first time, a failure is one to start: a broker that has just come up may have no coordinator
  // for the group yet, and that is no reason to end a process.
  let begin: { joined: () => void; failed: (error: Error) => void } | null = null
  const begun = new Promise<void>((resolve, reject) => {
    begin = { joined: resolve, failed: reject }
  })
  begun.catch(() => undefined) // told by the call that waits for it
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    state.joined = true
    alive()
    begin?.joined()
    begin = null
    log.info(
      { partitions: payload.memberAssignment[config.KAFKA_TOPIC] ?? [], memberId: payload.memberId },
      'Joined the group',
    )
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    state.joined = false
    log.error({ err: payload.error, restart: payload.restart }, 'The consumer stopped')
    // kafkajs will not start it again: only a new process can.
    if (payload.restart || state.stopping) return
    if (begin) begin.failed(payload.error)
    else options.onDead(payload.error)
  })

  /**
   * kafkajs can stop fetching without a word, or fail to start again after a crash (RELIABILITY K13). Counted in looks, not
   * in time: a process that was frozen looks once when it wakes, and is not taken for stuck.
   */
  const watchdog = setInterval(() => {
    state.silent = state.joined ? state.silent + 1 : 0
    state.outside = !state.joined && options.isKafkaUp() ? state.outside + 1 : 0
    if (state.silent < looks.silent && state.outside < looks.outside) return
    clearInterval(watchdog)
    options.onDead(
      new Error(state.joined ? 'The consumer no longer fetches' : 'The consumer does not come back into its group'),
    )
  }, options.lookEveryMs ?? looks.everyMs)
  watchdog.unref()

  const leave = async () => {
    state.stopping = true
    state.joined = false
    clearInterval(watchdog)
    // It waits for handlers, for ever if need be (RELIABILITY K14).
    await withDeadline(consumer.disconnect(), 5_000, 'Leaving the consumer group')
  }
  try {
    await withDeadline(consumer.connect(), 15_000, 'Connecting the consumer')
    const topics = [config.KAFKA_TOPIC]
    // From the beginning: what was produced before the group existed is mail too, and the holds keep it from going twice.
    await withDeadline(consumer.subscribe({ topics, fromBeginning: true }), 15_000, 'Subscribing')
    const running = consumer.run({
      // Resolving by itself would mark what was only looked at (RELIABILITY K5).
      eachBatchAutoResolve: false,
      // Often enough for the relay to see from the committed offsets how fast the group drains.
      autoCommitInterval: 250,
      partitionsConsumedConcurrently: config.KAFKA_PARTITIONS,
      // A wait must never outlast the session without a sign.
      eachBatch: (payload) => takeBatch(payload, options.take, Math.min(2_000, Math.floor(sessionTimeout / 4))),
    })
    // A join may wait for the session of a member that died, and for the others to finish.
    await withDeadline(
      Promise.all([running, begun]),
      60_000 + config.KAFKA_REQUEST_TIMEOUT_MS,
      'Joining the consumer group',
    )
  } catch (error) {
    await leave().catch((late: unknown) => log.debug({ err: late }, 'A consumer that failed to start did not close'))
    throw error
  }
  return { isJoined: () => state.joined, stop: leave }
}

/**
 * A broker that came back with an empty disk knows no topic, and a consumer that joins again would not find one for ever.
 * What was in it is rung for again, so making it anew loses nothing.
 * @returns true: start again, whatever came of it
 */
async function mendTopics(error: Error, config: KafkaConfig, log: Logger): Promise<true> {
  if (!isTopicUnknown(error)) return true
  try {
    await ensureTopics(config, log)
  } catch (fault) {
    log.warn({ err: fault }, 'The topic is gone and could not be made; trying again')
  }
  return true
}

function isTopicUnknown(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('type' in at && at.type === 'UNKNOWN_TOPIC_OR_PARTITION') return true
  }
  return false
}

async function takeBatch(payload: EachBatchPayload, take: Options['take'], heartbeatEveryMs: number): Promise<void> {
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
      timestamp: Number(message.timestamp),
    })
    // Awaited below, in order; until then a refusal is not an unhandled one.
    promise.catch(() => undefined)
    return { offset: message.offset, promise }
  })
  for (const { offset, promise } of taken) {
    const beat = () => (goesOn() ? payload.heartbeat().then(() => true) : Promise.resolve(false))
    if (!(await settledWhileAlive(promise, heartbeatEveryMs, beat))) return
    if (!goesOn()) return
    payload.resolveOffset(offset)
    await payload.commitOffsetsIfNecessary()
  }
  await payload.heartbeat()
}

/**
 * Waits however long it takes, telling the group that we live. A heartbeat that fails means a rebalance: it must surface
 * (RELIABILITY K8).
 * @param heartbeat false when the consumer has stopped meanwhile: whoever waited would hold up its restart
 */
async function settledWhileAlive(
  promise: Promise<void>,
  heartbeatEveryMs: number,
  heartbeat: () => Promise<boolean>,
): Promise<boolean> {
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
    if (!(await heartbeat())) return false
  }
}
