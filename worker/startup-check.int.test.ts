import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keepPresent } from '@/db/processes'
import { readWorkerConfig } from '@/runtime/config'
import { factsOf } from '@/runtime/facts'
import { freePort } from '@/stack/ports'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'
import { StartupCheck } from './startup-check'
import { startWorker } from './worker'

describe('what has to agree between processes', () => {
  let road: Pipeline
  beforeAll(async () => {
    road = await openPipeline()
  })
  afterAll(() => road.close())

  const open = (name: string, settings: Record<string, string> = {}) =>
    new StartupCheck({
      sql: road.sql,
      name,
      config: readWorkerConfig({ ...road.environment, ...settings }),
      log: road.log,
      isKafkaUp: () => true,
    })

  test('two workers with the same settings, on the topics that they made, differ in nothing', async () => {
    const checks = [open('a'), open('b')]
    await expect.poll(() => road.sql`select name from processes`).toHaveLength(2)
    for (const check of checks) {
      await check.compare()
      expect(check.differences).toEqual([])
    }
    for (const check of checks) await check.stop()
    expect(await road.sql`select name from processes`).toHaveLength(0)
  })

  test('a worker that was killed is off the list once another on the same machine has begun, and nobody else is', async () => {
    const gone = spawnSync('true').pid
    const others = [`worker-here-${gone}`, `worker-here-${process.ppid}`, 'worker-elsewhere-1', 'web-here-1']
    for (const name of others)
      await road.sql`insert into processes (name, kind, facts) values (${name}, 'worker', '{}')`
    const check = open(`worker-here-${process.pid}`)
    const names = async () => (await road.sql`select name from processes`).map(({ name }) => String(name)).toSorted()
    await expect.poll(names).toEqual([...others.slice(1), `worker-here-${process.pid}`].toSorted())
    await check.stop()
    await road.sql`delete from processes`
  })

  test('other settings, an unknown key in use and topics of other settings are each said in a sentence', async () => {
    const other = readWorkerConfig({
      ...road.environment,
      SIGNING_KEYS: `k9:${randomBytes(32).toString('base64')}`,
      MAX_RETRIES: '7',
    })
    const facts = factsOf(other, { templates: ['plain', 'tomorrow'], envelopeVersion: 1 })
    const web = keepPresent(road.sql, { name: 'web-1', kind: 'web', facts }, road.log)
    const check = open('a', { KAFKA_PARTITIONS: '5', KAFKA_RETENTION_HOURS: '1' })
    await expect.poll(() => road.sql`select name from processes`).toHaveLength(2)
    await check.compare()
    const topic = road.config.KAFKA_TOPIC
    const dlq = road.config.KAFKA_DLQ_TOPIC
    expect(check.differences).toEqual([
      `The topic ${topic} has 3 partitions, fewer than the 5 asked for: only so many workers share its records.`,
      `The topic ${topic} has retention.ms 604800000, and KAFKA_RETENTION_HOURS asks for 3600000.`,
      `The topic ${dlq} has retention.ms 604800000, and KAFKA_RETENTION_HOURS asks for 3600000.`,
      'web-1 has MAX_RETRIES 7, and this worker has 3.',
      'web-1 signs with a key that this worker does not hold: its records are kept aside here. Add it to SIGNING_KEYS.',
      'web-1 may queue mail in the template tomorrow, which this worker does not know: it is left for a newer one.',
    ])
    await web.stop()
    await check.compare()
    expect(check.differences.filter((sentence) => sentence.startsWith('web-1'))).toEqual([])
    await check.stop()
  })

  test('a worker says it on /readyz, and is ready all the same', async () => {
    await road.sql`insert into processes (name, kind, facts) values ('web-old', 'web', '{}')`
    const worker = await startWorker({
      config: road.config,
      name: 'w1',
      log: road.log,
      onDead: (error) => expect.unreachable(String(error)),
    })
    const ask = async () => {
      const response = await fetch(`http://127.0.0.1:${worker.port}/readyz`)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    await expect.poll(ask, { timeout: 20_000 }).toMatchObject({
      status: 200,
      body: {
        ok: true,
        differences: ['web-old is of a version whose settings cannot be compared with ours.'],
      },
    })
    await worker.stop()
  })

  test('a worker whose topics Kafka refuses to make says why on /readyz', async () => {
    const topics = { KAFKA_TOPIC: 'three-copies', KAFKA_DLQ_TOPIC: 'three-copies-dlq', KAFKA_REPLICATION: '3' }
    const port = await freePort()
    const worker = road.spawnWorker({ ...topics, WORKER_PORT: String(port) })
    const ask = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        async (response) => ({ status: response.status, body: (await response.json()) as unknown }),
        () => null,
      )
    await expect.poll(ask, { timeout: 30_000 }).toMatchObject({
      status: 503,
      body: {
        ok: false,
        parts: { kafka: true, group: false },
        differences: expect.arrayContaining([
          expect.stringMatching(/^Kafka does not make the topics with KAFKA_PARTITIONS 3 and KAFKA_REPLICATION 3: /),
        ]) as unknown,
      },
    })
    worker.kill('SIGKILL')
  })
})
