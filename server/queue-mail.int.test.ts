import { Kafka } from 'kafkajs'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { recordSchema } from '@/core/envelope'
import { scopes, type Actor } from '@/core/permissions'
import { readKafkaRecord, type RawRecord } from '@/kafka/record'
import { ensureTopics } from '@/kafka/topics'
import { createTestDatabase, uniqueTopics } from '@/stack/testing/services'
import { createUser } from './create-user'
import { asked, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
const { topic, dlqTopic } = uniqueTopics()

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

let app: TestContext
afterEach(() => app.close())

const openWith = (brokers: string, settings: Record<string, string> = {}): Promise<TestContext> =>
  openTestContext({
    DATABASE_URL: database.url,
    KAFKA_BROKERS: brokers,
    KAFKA_TOPIC: topic,
    KAFKA_DLQ_TOPIC: dlqTopic,
    KAFKA_PARTITIONS: '3',
    ...settings,
  })

const create = (actor: Actor, email: string) =>
  createUser(app, asked(actor), {
    first_name: 'Ann',
    last_name: 'Doe',
    email,
    role: 'user',
    welcome: true,
    password: 'canary-4711-password',
  })
const work = async (id: string | null) =>
  (
    await app.db.execute(
      sql`select ring_at <= now() as due, kafka_failed_at is not null as failed from outbox where message_id = ${id}`,
    )
  )[0]

test('the record is in Kafka when the answer comes: signed, for try 1, and without the password', async () => {
  // How long a first publish takes on a busy machine is not what is asked here.
  app = await openWith(inject('brokers'), { PUBLISH_DEADLINE_MS: '20000' })
  await ensureTopics(app.config, app.log)
  const { actor } = await app.key(scopes, { name: 'with Kafka' })

  const kafka = new Kafka({ brokers: app.config.KAFKA_BROKERS, logLevel: 0 })
  const consumer = kafka.consumer({ groupId: `${topic}-test` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const received = new Promise<RawRecord>((resolve) => {
    void consumer.run({ eachMessage: ({ message }) => Promise.resolve(resolve(message as RawRecord)) })
  })
  const created = await create(actor, 'kafka@example.com')
  const record = await received
  expect(readKafkaRecord(topic, record, app.config.SIGNING_KEYS)).toEqual({
    kind: 'ring',
    isUrgent: false,
    messageId: created.welcome_message_id,
    attempt: 1,
  })
  const value = record.value?.toString() ?? ''
  expect(recordSchema.parse(JSON.parse(value))).toMatchObject({
    type: 'welcome',
    message: {
      id: created.welcome_message_id,
      to: 'kafka@example.com',
      retry_count: 0,
      max_retries: 3,
      status: 'pending',
    },
  })
  expect(value).not.toContain('canary')
  expect(await work(created.welcome_message_id)).toMatchObject({ due: false, failed: false })
  await consumer.disconnect()
})

test('while Kafka is away each answer comes in under a second, and the relay is told at once', async () => {
  app = await openWith('127.0.0.1:1')
  const { actor } = await app.key(scopes, { name: 'without Kafka' })
  for (const email of ['away-1@example.com', 'away-2@example.com', 'away-3@example.com']) {
    const startedAt = performance.now()
    const created = await create(actor, email)
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    expect(await work(created.welcome_message_id)).toMatchObject({ due: true, failed: true })
  }
})
