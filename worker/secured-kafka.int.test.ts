import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createKafka } from '@/kafka/client'
import { Publisher } from '@/kafka/publish'
import { LagReader } from '@/kafka/lag'
import { kafkaRefusal } from '@/kafka/refusal'
import { checkTopics, ensureTopics } from '@/kafka/topics'
import { readWorkerConfig, type WorkerConfig } from '@/runtime/config'
import { createLog } from '@/runtime/log'
import { createAuthority, type Authority } from '@/stack/certificates'
import { freePort } from '@/stack/ports'
import { Processes } from '@/stack/processes'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'
import { startSecuredKafka } from '@/stack/testing/secured-kafka'
import { startWorker } from './worker'

type Operation = keyof typeof AclOperationTypes

const soon = { timeout: 60_000, interval: 50 }

describe('a Kafka that encrypts, asks who we are and allows each account only its own', { timeout: 150_000 }, () => {
  let folder: string
  let processes: Processes
  let authority: Authority
  let kafka: Awaited<ReturnType<typeof startSecuredKafka>>
  /** Its own account is the administrator's, who makes the topics and the ACLs. */
  let road: Pipeline

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'usual-store-secured-'))
    processes = new Processes(folder)
    await processes.open()
    authority = createAuthority(join(folder, 'certificates'))
    kafka = await startSecuredKafka(processes, { folder, authority, accounts: ['app', 'worker', 'nobody'] })
    road = await openPipeline(kafka.signInOf('admin'))
    const { KAFKA_TOPIC, KAFKA_DLQ_TOPIC, KAFKA_GROUP_ID } = road.config
    // As docs/security.md asks for.
    await allow([
      ['User:app', 'WRITE', 'TOPIC', KAFKA_TOPIC],
      ['User:CN=app', 'WRITE', 'TOPIC', KAFKA_TOPIC],
      ['User:app', 'DESCRIBE', 'GROUP', KAFKA_GROUP_ID],
      ['User:worker', 'READ', 'TOPIC', KAFKA_TOPIC],
      ['User:worker', 'WRITE', 'TOPIC', KAFKA_TOPIC],
      ['User:worker', 'WRITE', 'TOPIC', KAFKA_DLQ_TOPIC],
      ['User:worker', 'READ', 'GROUP', KAFKA_GROUP_ID],
    ])
  }, 180_000)
  afterAll(async () => {
    await road?.close()
    await processes?.end()
    rmSync(folder, { recursive: true })
  })

  async function allow(entries: [principal: string, Operation, 'TOPIC' | 'GROUP', name: string][]): Promise<void> {
    const admin = createKafka(road.config, 'acls', road.log).admin()
    await admin.connect()
    await admin.createAcls({
      acl: entries.map(([principal, operation, resource, resourceName]) => ({
        principal,
        operation: AclOperationTypes[operation],
        resourceType: AclResourceTypes[resource],
        resourceName,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        permissionType: AclPermissionTypes.ALLOW,
        host: '*',
      })),
    })
    await admin.disconnect()
  }

  const configOf = (settings: Record<string, string | undefined>): WorkerConfig =>
    readWorkerConfig({ ...road.environment, APP_ENV: 'production', ...settings })

  async function recordsIn(topic: string): Promise<number> {
    const admin = createKafka(road.config, 'offsets', road.log).admin()
    await admin.connect()
    const offsets = await admin.fetchTopicOffsets(topic)
    await admin.disconnect()
    return offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
  }

  /** The sentence that an operator reads when this way into Kafka is closed. */
  async function refusal(settings: Record<string, string | undefined>): Promise<string | null> {
    const config = configOf(settings)
    const error = await ensureTopics(config, road.log).then(
      () => null,
      (reason: unknown) => reason,
    )
    return kafkaRefusal(error, config, [config.KAFKA_TOPIC])
  }

  test('mail goes its whole way, published by the app, by its certificate and by the relay, and what is dead is told', async () => {
    const worker = await startWorker({
      config: configOf(kafka.signInOf('worker')),
      name: 'w1',
      log: road.log,
      onDead: (error) => expect.unreachable(String(error)),
    })
    const app = new Publisher(configOf(kafka.signInOf('app')), 'app', road.log)
    const certified = new Publisher(configOf(certifiedAs(authority, 'app')), 'app', road.log)
    const [one, two] = [
      await road.accept({ to: 'one@example.com' }),
      await road.accept({ to: 'two@example.com' }),
      // Left to the relay, which the worker's account is for.
      await road.accept({ to: '550@example.com' }),
    ]
    expect(await app.publish(road.config.KAFKA_TOPIC, [one.record], 20_000)).toEqual([true])
    expect(await certified.publish(road.config.KAFKA_TOPIC, [two.record], 20_000)).toEqual([true])
    for (const address of ['one@example.com', 'two@example.com'])
      await expect.poll(() => road.mailsTo(address), soon).toHaveLength(1)
    await road.sql`update outbox set ring_at = now()`
    await expect.poll(() => recordsIn(road.config.KAFKA_DLQ_TOPIC), soon).toBe(1)
    // What the Overview asks.
    const lag = new LagReader(configOf(kafka.signInOf('app')), road.log)
    await expect.poll(async () => (await lag.read()).total, soon).toBe(0)
    await Promise.all([app.close(), certified.close(), lag.close(), worker.stop()])
  })

  test('the app may write mails to send, and nothing else', async () => {
    const log = createLog('test', 'silent')
    const warn = vi.spyOn(log, 'warn')
    const app = new Publisher(configOf(kafka.signInOf('app')), 'app', log)
    const { record } = await road.accept({ to: 'three@example.com' })
    const before = await recordsIn(road.config.KAFKA_DLQ_TOPIC)
    expect(await app.publish(road.config.KAFKA_DLQ_TOPIC, [record], 20_000)).toEqual([false])
    expect(await recordsIn(road.config.KAFKA_DLQ_TOPIC)).toBe(before)
    expect(warn.mock.calls.map(([, sentence]) => sentence)).toEqual([
      `Kafka does not let app use ${road.config.KAFKA_DLQ_TOPIC}: an operator has to allow it (docs/security.md, "Transport"). Records wait in the outbox`,
    ])
    await app.close()
    expect(await refusal(kafka.signInOf('nobody'))).toBe(
      `Kafka does not let nobody use ${road.config.KAFKA_TOPIC}: an operator has to allow it (docs/security.md, "Transport").`,
    )
  })

  test('an account that may not see the settings of the topics works, and the comparison says so', async () => {
    const { KAFKA_TOPIC, KAFKA_DLQ_TOPIC } = road.config
    const worker = configOf(kafka.signInOf('worker'))
    expect(await checkTopics(worker, road.log)).toEqual([
      `Kafka does not let us read the settings of ${KAFKA_TOPIC} and ${KAFKA_DLQ_TOPIC}: they are not compared.`,
    ])
    for (const topic of [KAFKA_TOPIC, KAFKA_DLQ_TOPIC])
      await allow([['User:worker', 'DESCRIBE_CONFIGS', 'TOPIC', topic]])
    expect(await checkTopics(worker, road.log)).toEqual([])
  })

  test.each<[string, (given: Record<string, string>) => Record<string, string | undefined>, RegExp]>([
    [
      'a wrong password',
      (given) => ({ ...given, KAFKA_SASL_PASSWORD: 'wrong' }),
      /^Kafka refuses our sign-in as worker: check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM\.$/,
    ],
    [
      'an account that does not exist',
      (given) => ({ ...given, KAFKA_SASL_USERNAME: 'stranger' }),
      /^Kafka refuses our sign-in as stranger: /,
    ],
    [
      'a mechanism that is not offered',
      (given) => ({ ...given, KAFKA_SASL_MECHANISM: 'scram-sha-256' }),
      /^Kafka does not offer scram-sha-256: check KAFKA_SASL_MECHANISM\.$/,
    ],
    [
      'brokers whose authority we do not know',
      (given) => ({ ...given, KAFKA_SSL_CA: createAuthority(join(folder, 'others')).file }),
      /^The certificate of Kafka at localhost:\d+ is signed by an authority that is not known here: check KAFKA_SSL_CA and KAFKA_BROKERS\.$/,
    ],
    [
      'no authority at all',
      (given) => ({ ...given, KAFKA_SSL_CA: undefined }),
      /^The certificate of Kafka at localhost:\d+ is signed by an authority that is not known here: /,
    ],
    [
      // The same machine under a name that its certificate does not have.
      'another host name',
      (given) => ({
        ...given,
        PLAINTEXT_HOSTS: '127.1',
        KAFKA_BROKERS: `127.1:${given['KAFKA_BROKERS']?.split(':')[1]}`,
      }),
      /^The certificate of Kafka at 127\.1:\d+ is for another name than the one that we connect to: /,
    ],
    [
      'a port for certificates, without one',
      (given) => ({ ...given, ...withoutSasl, KAFKA_BROKERS: `localhost:${kafka.mtlsPort}` }),
      /^Kafka at localhost:\d+ does not take our certificate: check KAFKA_SSL_CERT and KAFKA_SSL_KEY\.$/,
    ],
    [
      'a port for certificates, with one that a stranger signed',
      () => ({ ...certifiedAs(createAuthority(join(folder, 'strangers')), 'app'), KAFKA_SSL_CA: authority.file }),
      /^Kafka at localhost:\d+ does not take our certificate: /,
    ],
  ])('%s is refused in a clear sentence', async (_, change, sentence) => {
    const settings = change(kafka.signInOf('worker'))
    // On a machine that is busy a first try may only have come too late.
    await expect.poll(() => refusal(settings), soon).toMatch(sentence)
  })

  test.each([
    ['a wrong password', { KAFKA_SASL_PASSWORD: 'wrong' }, /^Kafka refuses our sign-in as worker: /],
    [
      'a group that the account may not join',
      { KAFKA_GROUP_ID: 'of-others' },
      /^Kafka names nobody who leads the group of-others: .* or worker may not join; then an operator has to allow it/,
    ],
  ])('a worker with %s says so on /readyz, and tries again', async (_, wrong, sentence) => {
    const port = await freePort()
    const child = road.spawnWorker({
      ...kafka.signInOf('worker'),
      KAFKA_GROUP_ID: road.config.KAFKA_GROUP_ID,
      ...wrong,
      WORKER_PORT: String(port),
    })
    const ask = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        async (response) => ({ status: response.status, body: (await response.json()) as unknown }),
        () => null,
      )
    await expect.poll(ask, { timeout: 60_000 }).toMatchObject({
      status: 503,
      body: { ok: false, differences: [expect.stringMatching(sentence)] as unknown },
    })
    child.kill('SIGKILL')
  })

  const withoutSasl = {
    KAFKA_SASL_MECHANISM: undefined,
    KAFKA_SASL_USERNAME: undefined,
    KAFKA_SASL_PASSWORD: undefined,
  }

  function certifiedAs(signer: Authority, name: string): Record<string, string | undefined> {
    const { key, certificate } = signer.issue(name)
    return {
      ...kafka.signInOf(name),
      ...withoutSasl,
      KAFKA_BROKERS: `localhost:${kafka.mtlsPort}`,
      KAFKA_SSL_CERT: certificate,
      KAFKA_SSL_KEY: key,
    }
  }
})
