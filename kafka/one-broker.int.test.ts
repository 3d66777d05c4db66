import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { readWorkerConfig, type KafkaConfig } from '@/runtime/config'
import { createLog } from '@/runtime/log'
import { isKafkaReady, kafkaEnding, newClusterId, prepareKafka } from '@/stack/kafka/broker'
import { freePort } from '@/stack/ports'
import { lastLines, Processes } from '@/stack/processes'
import { TcpProxy } from '@/stack/tcp-proxy'
import { until } from '@/stack/until'
import { startConsumer, type IncomingRecord } from './consume'
import { Publisher } from './publish'
import type { KafkaRecord } from './record'
import { ensureTopics } from './topics'

const log = createLog('test', 'silent')
const record = (value: Buffer | string = 'x', key = 'a'): KafkaRecord => ({
  key,
  value: Buffer.from(value),
  headers: {},
})

async function consume(own: KafkaConfig, lookEveryMs?: number) {
  const taken: IncomingRecord[] = []
  const onDead = vi.fn<(error: Error) => void>()
  const consumer = await startConsumer({
    config: own,
    worker: 'w',
    log,
    isKafkaUp: () => true,
    onDead,
    lookEveryMs,
    take: (incoming) => {
      taken.push(incoming)
      return Promise.resolve()
    },
  })
  return { taken, onDead, consumer }
}

async function startBroker(port: number, settings: Record<string, string | number>) {
  const folder = mkdtempSync(join(tmpdir(), 'usual-store-broker-'))
  const processes = new Processes(folder)
  await processes.open()
  const controllerPort = await freePort()
  const command = await prepareKafka(processes, {
    folder: join(folder, 'kafka'),
    port,
    controllerPort,
    environment: process.env,
    member: { id: 1, nodes: [{ id: 1, controllerPort }], clusterId: newClusterId(), settings },
  })
  const child = await processes.start('kafka', command, { order: 1, ...kafkaEnding })
  if (!(await until(() => isKafkaReady(child), 90_000)))
    throw new Error(`The broker did not come up.${lastLines(child)}`)
  return {
    async stop() {
      await processes.end()
      rmSync(folder, { recursive: true })
    },
  }
}

const configFor = (brokers: string): KafkaConfig =>
  readWorkerConfig({
    DATABASE_URL: 'postgres://nobody@127.0.0.1/nothing',
    SECRETS_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    SIGNING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    SMTP_HOST: '127.0.0.1',
    KAFKA_BROKERS: brokers,
    KAFKA_PARTITIONS: '1',
    KAFKA_TOPIC: `t-${randomUUID()}`,
    KAFKA_DLQ_TOPIC: `t-${randomUUID()}`,
    KAFKA_GROUP_ID: `g-${randomUUID()}`,
  })

test('a broker without a coordinator for the group yet is one to wait for, not to die of', async () => {
  const port = await freePort()
  // Three copies on one broker: the topic of the groups cannot be made.
  const broker = await startBroker(port, { 'offsets.topic.replication.factor': 3 })
  try {
    const config = configFor(`127.0.0.1:${port}`)
    await ensureTopics(config, log)
    const onDead = vi.fn<(error: Error) => void>()
    const starting = startConsumer({
      config,
      worker: 'w',
      log,
      isKafkaUp: () => true,
      onDead,
      take: () => Promise.resolve(),
    })
    await expect(starting).rejects.toThrow(/coordinator/)
    expect(onDead).not.toHaveBeenCalled()
  } finally {
    await broker.stop()
  }
}, 120_000)

/** A broker that is only reached through a proxy, so that its line can fail. */
describe('one broker, and a line to it that fails', () => {
  let broker: Awaited<ReturnType<typeof startBroker>>
  let proxy: TcpProxy
  let config: KafkaConfig

  beforeAll(async () => {
    const [port, listener] = [await freePort(), await freePort()]
    proxy = await TcpProxy.start({ port: listener, target: { host: '127.0.0.1', port } })
    broker = await startBroker(port, { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${listener}` })
  }, 120_000)
  beforeEach(async () => {
    await proxy.set({ kind: 'pass' })
    config = configFor(`127.0.0.1:${proxy.port}`)
    await ensureTopics(config, log)
  })
  afterAll(async () => {
    await proxy.close()
    await broker.stop()
  })

  const publish = async (publisher: Publisher, deadlineMs = 10_000) =>
    (await publisher.publish(config.KAFKA_TOPIC, [record()], deadlineMs))[0]

  test('a publisher whose socket went silent gets a new one, and publishes again', async () => {
    const publisher = new Publisher(config, 'test', log)
    try {
      await expect.poll(() => publish(publisher), { timeout: 20_000 }).toBe(true)
      await proxy.set({ kind: 'half_open' })
      const since = performance.now()
      expect(await publish(publisher, 1_000)).toBe(false)
      await expect.poll(() => publish(publisher), { timeout: 20_000 }).toBe(true)
      expect(performance.now() - since).toBeLessThan(15_000)
    } finally {
      await publisher.close()
    }
  })

  test('a record that Kafka will never take is found, and holds up none beside it', async () => {
    const publisher = new Publisher(config, 'test', log)
    try {
      await expect.poll(() => publish(publisher), { timeout: 20_000 }).toBe(true)
      const records = [record('1'), record('2'), record(randomBytes(2_000_000)), record('3'), record('4')]
      expect(await publisher.publishEach(config.KAFKA_TOPIC, records, 10_000)).toEqual([
        'taken',
        'taken',
        'refused',
        'taken',
        'taken',
      ])
      expect(publisher.isDown).toBe(false)
    } finally {
      await publisher.close()
    }
  })

  test('many big records of one partition go in several sends, each of a size that Kafka takes', async () => {
    const publisher = new Publisher(config, 'test', log)
    try {
      await expect.poll(() => publish(publisher), { timeout: 20_000 }).toBe(true)
      const records = Array.from({ length: 12 }, () => record(randomBytes(200_000)))
      const done = await publisher.publishEach(config.KAFKA_TOPIC, records, 20_000)
      expect(done).toEqual(records.map(() => 'taken'))
    } finally {
      await publisher.close()
    }
  })

  test('a consumer whose sockets went silent is found by the watchdog, and the next process reads on', async () => {
    const first = await consume(config, 200)
    const publisher = new Publisher(config, 'test', log)
    try {
      await expect.poll(() => publish(publisher), { timeout: 20_000 }).toBe(true)
      await expect.poll(() => first.taken.length, { timeout: 20_000 }).toBe(1)
      await proxy.set({ kind: 'half_open' })
      await expect.poll(() => first.onDead.mock.calls.length, { timeout: 20_000 }).toBe(1)
      expect(String(first.onDead.mock.calls[0]?.[0])).toContain('no longer fetches')
      // It cannot even say good-bye; the group notices when its session ends.
      await expect(first.consumer.stop()).rejects.toThrow('took longer')
      await expect.poll(() => publish(publisher, 1_000), { timeout: 20_000 }).toBe(true)
      const next = await consume(config)
      await expect.poll(() => next.taken.length, { timeout: 40_000 }).toBeGreaterThanOrEqual(1)
      await next.consumer.stop()
    } finally {
      await publisher.close()
    }
  })

  test('an idle consumer, and one without a partition of its own, are not taken for stuck', async () => {
    const [one, other] = [await consume(config, 250), await consume(config, 250)]
    await expect.poll(() => one.consumer.isJoined() && other.consumer.isJoined(), { timeout: 30_000 }).toBe(true)
    const publisher = new Publisher(config, 'test', log)
    // Longer than the watchdog's patience of 18 looks, measured in what arrives.
    for (let round = 0; round < 36; round++) {
      await expect.poll(() => publish(publisher), { timeout: 20_000, interval: 150 }).toBe(true)
      await expect
        .poll(() => one.taken.length + other.taken.length, { timeout: 20_000, interval: 150 })
        .toBeGreaterThan(round)
    }
    expect(one.onDead).not.toHaveBeenCalled()
    expect(other.onDead).not.toHaveBeenCalled()
    await Promise.all([publisher.close(), one.consumer.stop(), other.consumer.stop()])
  })
})
