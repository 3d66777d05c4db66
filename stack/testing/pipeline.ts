import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka } from 'kafkajs'
import { inject } from 'vitest'
import type { Delivery } from '@/core/delivery-mode'
import { toEnvelope, type EmailRecord } from '@/core/envelope'
import { type Priority } from '@/core/message'
import type { Role } from '@/core/roles'
import { acceptMessage } from '@/db/accept-message'
import { openDatabase } from '@/db/client'
import { asRole } from '@/db/roles'
import { Publisher } from '@/kafka/publish'
import { toKafkaRecord, type KafkaRecord } from '@/kafka/record'
import { ensureTopics } from '@/kafka/topics'
import { readWorkerConfig, type WorkerConfig } from '@/runtime/config'
import { createLog } from '@/runtime/log'
import { seal } from '@/runtime/seal'
import { startCatcher } from '../catcher/catcher'
import { freePort } from '../ports'
import { repositoryRoot } from '../processes'
import { createTestDatabase, uniqueTopics } from './services'

type Asked = {
  to: string
  body?: string
  subject?: string
  priority?: Priority
  /** A sealed body instead of a readable one. */
  secretBody?: string
  delivery?: Delivery
}

export type Pipeline = Awaited<ReturnType<typeof openPipeline>>

/**
 * Everything from the outbox to a mailbox, real and of one's own: a database, topics, a group, a mail catcher. Workers are
 * started by the tests, in this process or as a child that can be killed.
 * @param settings DATABASE_URL: a database that the test brings along; it is asked with the deadlines of the web process
 */
export async function openPipeline(settings: Record<string, string> = {}) {
  const { DATABASE_URL: brought, ...others } = settings
  const database = brought === undefined ? await createTestDatabase() : { url: brought, drop: () => Promise.resolve() }
  const topics = uniqueTopics()
  const folder = mkdtempSync(join(tmpdir(), 'usual-store-pipeline-'))
  const catcher = await startCatcher({ smtpPort: 0, uiPort: 0, dir: folder })
  const environment: Record<string, string> = {
    APP_ENV: 'local',
    LOG_LEVEL: 'silent',
    // With the rights of a worker: what it may not do fails here as it does elsewhere.
    DATABASE_URL: asRole(database.url, 'worker'),
    KAFKA_BROKERS: inject('brokers'),
    KAFKA_TOPIC: topics.topic,
    KAFKA_DLQ_TOPIC: topics.dlqTopic,
    KAFKA_GROUP_ID: topics.groupId,
    KAFKA_PARTITIONS: '3',
    SECRETS_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    SIGNING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(catcher.smtpPort),
    WORKER_PORT: String(await freePort()),
    RELAY_POLL_MS: '100',
    ...others,
  }
  const config: WorkerConfig = readWorkerConfig(environment)
  const log = createLog('test', 'silent')
  const { db, sql, close } = openDatabase({
    url: database.url,
    max: 4,
    part: 'test',
    answerWithinMs: brought === undefined ? 30_000 : 4_000,
  })
  await ensureTopics(config, log)
  const publisher = new Publisher(config, 'test', log)
  const closers: (() => Promise<unknown>)[] = []

  /** As the use cases do it, without the fast path: the record that would be published comes back. */
  async function accept(asked: Asked): Promise<{ id: string; record: KafkaRecord }> {
    const priority = asked.priority ?? 'normal'
    const subject = asked.subject ?? 'A test'
    const data = { body: asked.secretBody === undefined ? (asked.body ?? 'Hello') : '[hidden]' }
    const { id, createdAt } = await acceptMessage(db, {
      type: 'notification',
      template: 'plain',
      to: asked.to,
      from: config.SMTP_USER,
      replyTo: null,
      subject,
      data,
      priority,
      maxRetries: config.MAX_RETRIES,
      sensitive: asked.secretBody !== undefined,
      seal:
        asked.secretBody === undefined
          ? null
          : (messageId) => seal(JSON.stringify({ body: asked.secretBody }), messageId, config.SECRETS_KEYS),
      userId: null,
      createdByName: 'Maya Example',
      delivery: asked.delivery,
    })
    const envelope: EmailRecord = toEnvelope({
      id,
      type: 'notification',
      template: 'plain',
      from: config.SMTP_USER,
      to: asked.to,
      subject,
      data,
      priority,
      createdAt,
      retryCount: 0,
      maxRetries: config.MAX_RETRIES,
      status: 'pending',
    })
    return { id, record: toKafkaRecord(config.KAFKA_TOPIC, envelope, 1, config.SIGNING_KEYS) }
  }

  async function addUser(user: { email: string; role: Role }): Promise<number> {
    const [row] = await sql<{ id: number }[]>`
      insert into users (first_name, last_name, email, role, created_by_name) values ('Noor', 'Example', ${user.email}, ${user.role}, 'test') returning id`
    if (!row) throw new Error('No user was written')
    return row.id
  }

  /**
   * A worker as a process of its own, for tests that kill it. Each in a group of its own, which reads from the beginning:
   * the next one need not wait until Kafka gives up on a killed member, and meets every old record again.
   */
  function spawnWorker(extra: Record<string, string> = {}): ChildProcess {
    const child = spawn(process.execPath, ['--import', 'tsx', join(repositoryRoot, 'worker/main.ts')], {
      cwd: repositoryRoot,
      env: { ...process.env, ...environment, KAFKA_GROUP_ID: randomUUID(), ...extra },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    closers.push(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await exited
    })
    return child
  }

  /** The records of a topic from the beginning, until one has this key. */
  async function readTopic(
    topic: string,
    untilKey: string,
  ): Promise<{ key: string; value: string; headers: Record<string, string> }[]> {
    const consumer = new Kafka({ brokers: config.KAFKA_BROKERS, logLevel: 0 }).consumer({
      groupId: `read-${randomUUID()}`,
      maxWaitTimeInMs: 100,
    })
    const records: { key: string; value: string; headers: Record<string, string> }[] = []
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachMessage: ({ message }) => {
            records.push({
              key: String(message.key),
              value: String(message.value),
              headers: Object.fromEntries(
                Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
              ),
            })
            if (String(message.key) === untilKey) resolve()
            return Promise.resolve()
          },
        })
        .catch(reject)
    })
    await consumer.disconnect()
    return records
  }

  return {
    config,
    environment,
    db,
    sql,
    log,
    publisher,
    accept,
    addUser,
    spawnWorker,
    readTopic,
    /** The API of the catcher: what arrived at this address, newest first. */
    mailsTo: (address: string) => mailsTo(catcher.uiPort, address),
    /** The message ids of all mails that arrived, as often as they did. */
    async arrived(): Promise<string[]> {
      const response = await fetch(`http://127.0.0.1:${catcher.uiPort}/api/v1/messages?limit=100000`)
      const { messages } = (await response.json()) as { messages: CaughtMail[] }
      return messages.map((mail) => mail.MessageID.split('@')[0] ?? '')
    },
    /** One mail in full, with its source. */
    async readMail(id: string): Promise<{ Text: string; HTML: string; Raw: string }> {
      const base = `http://127.0.0.1:${catcher.uiPort}/api/v1/message/${id}`
      const mail = (await (await fetch(base)).json()) as { Text: string; HTML: string }
      return { ...mail, Raw: await (await fetch(`${base}/raw`)).text() }
    },
    onClose: (closer: () => Promise<unknown>) => closers.push(closer),
    async close() {
      for (const closer of closers.toReversed()) await closer()
      await publisher.close()
      await close()
      await catcher.close()
      await database.drop()
      rmSync(folder, { recursive: true })
    },
  }
}

type CaughtMail = { ID: string; MessageID: string; Subject: string }

async function mailsTo(uiPort: number, address: string): Promise<CaughtMail[]> {
  const query = new URLSearchParams({ query: `to:"${address}"` })
  const response = await fetch(`http://127.0.0.1:${uiPort}/api/v1/search?${query}`)
  const { messages } = (await response.json()) as { messages: CaughtMail[] }
  return messages
}
