import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { Kafka } from 'kafkajs'
import { expect, test } from 'vitest'
import { freePort } from '@/stack/ports'
import { goOn, ScriptedSmtp } from '@/stack/scripted-smtp'
import { hostileTexts } from '@/stack/testing/hostile'
import { openPipeline } from '@/stack/testing/pipeline'
import { startWorker } from './worker'

const numberOf = (address: string) => Number(/^hostile-(\d+)@/.exec(address)?.[1] ?? NaN)
const patient = { timeout: 60_000, interval: 100 }

test(
  'what a mail server and another producer write is kept as text, letter by letter, and stops nobody',
  { timeout: 180_000 },
  async () => {
    const server = new ScriptedSmtp(await freePort(), join(tmpdir(), `hostile-${randomUUID()}.csv`))
    await server.listen()
    const road = await openPipeline({ SMTP_PORT: String(server.port), KAFKA_PARTITIONS: '1' })
    const worker = await startWorker({
      config: road.config,
      name: 'w1',
      log: road.log,
      onDead: (error) => expect.unreachable(String(error)),
    })
    const producer = new Kafka({ brokers: road.config.KAFKA_BROKERS, logLevel: 0 }).producer()
    road.onClose(() => Promise.all([worker.stop(), producer.disconnect(), server.close()]))
    try {
      server.script = ({ moment, to }) => {
        const text = moment === 'rcpt' ? hostileTexts[numberOf(to)] : undefined
        return text === undefined ? goOn : { kind: 'reply', code: 550, text: `5.1.1 ${text}` }
      }
      // Not all of them: a server that refuses everybody is taken for one that is out of order, and left alone.
      const refused = hostileTexts.map((_, at) => at).filter((at) => at % 4 === 0)
      const asked = await Promise.all(refused.map((at) => road.accept({ to: `hostile-${at}@example.com` })))
      await road.publisher.publish(
        road.config.KAFKA_TOPIC,
        asked.map(({ record }) => record),
        10_000,
      )

      await producer.connect()
      const foreign = hostileTexts.map((text) => ({
        type: 'notification',
        message: {
          id: randomUUID(),
          from: text,
          to: 'reader@example.com',
          subject: text,
          template: 'plain',
          data: { body: text },
          priority: 'normal',
          timestamp: new Date().toISOString(),
          retry_count: 0,
          max_retries: 3,
          status: 'pending',
        },
      }))
      const unreadable = hostileTexts.map((text) => ({ key: text, value: text, headers: { type: text } }))
      await producer.send({
        topic: road.config.KAFKA_TOPIC,
        messages: [...foreign.map((one) => ({ key: one.message.id, value: JSON.stringify(one) })), ...unreadable],
      })

      await expect
        .poll(async () => (await road.sql`select 1 from messages where status = 'dead'`).length, patient)
        .toBe(refused.length)
      const replies = await road.sql<{ to_address: string; last_reply: string }[]>`
      select to_address, last_reply from messages where status = 'dead'`
      for (const { to_address, last_reply } of replies) expect(last_reply).toContain(hostileTexts[numberOf(to_address)])

      const kept = () => road.sql<{ value: Buffer }[]>`select value from dead_records`
      const known = () => road.sql<{ subject: string }[]>`select subject from messages where source = 'kafka'`
      await expect
        .poll(async () => (await kept()).length + (await known()).length, patient)
        .toBe(2 * hostileTexts.length)
      const values = (await kept()).map(({ value }) => value.toString())
      for (const text of hostileTexts) expect(values).toContain(text)
    } finally {
      await road.close()
    }
  },
)
