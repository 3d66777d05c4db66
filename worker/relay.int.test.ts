import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { openWorkerDatabase } from '@/db/client'
import { createKafka } from '@/kafka/client'
import { LagReader } from '@/kafka/lag'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'
import { createMetrics, type Metrics } from './metrics'
import { Relay } from './relay'

function startRelay(road: Pipeline): Metrics {
  const metrics = createMetrics()
  road.publisher.start(road.config.KAFKA_TOPIC)
  const lag = new LagReader(road.config, road.log)
  const { config, publisher, log } = road
  const sql = openWorkerDatabase({ url: config.DATABASE_URL, max: 2, part: 'relay' })
  const relay = new Relay({ config, sql, publisher, lag, metrics, log })
  relay.start()
  road.onClose(async () => {
    await relay.stop()
    await lag.close()
    await sql.end()
  })
  return metrics
}

/** The relay alone: nobody consumes and nobody sends, as while sending is paused. */
describe('the relay', () => {
  let road: Pipeline

  beforeAll(async () => {
    road = await openPipeline()
    startRelay(road)
  })
  afterAll(() => road.close())

  const row = async (id: string) => (await road.sql`select * from messages where id = ${id}`)[0]
  const work = (id: string) => road.sql`select * from outbox where message_id = ${id}`
  const noticeOf = async (id: string) => (await road.readTopic(road.config.KAFKA_DLQ_TOPIC, id)).at(-1)

  it('gives up what is too old when its bell comes due, also while nobody sends, with a notice', async () => {
    const { id } = await road.accept({ to: 'late@example.com', secretBody: 'canary' })
    await road.sql`update messages set expires_at = now() where id = ${id}`
    await road.sql`update outbox set ring_at = now() where message_id = ${id}`
    await expect.poll(async () => (await row(id))?.['status'], { timeout: 30_000 }).toBe('dead')
    expect(await row(id)).toMatchObject({ dead_reason: 'expired', may_have_been_delivered: false, retry_count: 0 })
    const events = await road.sql`select event, detail from message_events where message_id = ${id} order by id`
    expect(events.at(-1)).toMatchObject({ event: 'dead', detail: { reason: 'expired' } })
    expect((await noticeOf(id))?.headers).toMatchObject({ 'dead-class': 'expired' })
    await expect.poll(() => work(id)).toHaveLength(0)
  })

  it('leaves alone what is too old and held: its worker settles it', async () => {
    const { id } = await road.accept({ to: 'held@example.com' })
    const hold = randomUUID()
    await road.sql`update messages set expires_at = now(), status = 'sending' where id = ${id}`
    await road.sql`update outbox set ring_at = now(), hold = ${hold}, held_until = now() + interval '5 min' where message_id = ${id}`
    // Another that is not held ends meanwhile: the relay has looked.
    const other = await road.accept({ to: 'other@example.com' })
    await road.sql`update messages set expires_at = now() where id = ${other.id}`
    await road.sql`update outbox set ring_at = now() where message_id = ${other.id}`
    await expect.poll(async () => (await row(other.id))?.['status'], { timeout: 30_000 }).toBe('dead')
    expect(await row(id)).toMatchObject({ status: 'sending' })
    expect(await work(id)).toMatchObject([{ kind: 'send', hold }])
  })

  it('publishes that a dead letter no longer holds', async () => {
    const { id } = await road.accept({ to: 'recalled@example.com' })
    await road.sql`update messages set status = 'sent', sent_at = now(), closed_at = now() where id = ${id}`
    await road.sql`delete from outbox where message_id = ${id}`
    await road.sql`insert into outbox (kind, message_id, priority, ring_at, kafka_partition, kafka_offset) values ('dead_letter_recalled', ${id}, 1, now(), 2, 17)`
    const notice = await noticeOf(id)
    expect(JSON.parse(notice?.value ?? '')).toMatchObject({ message: { id, status: 'sent' } })
    expect(notice?.headers).toMatchObject({
      'original-topic': road.config.KAFKA_TOPIC,
      'original-partition': '2',
      'original-offset': '17',
      'recalled-at': expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown,
    })
    expect(notice?.headers['dead-class']).toBeUndefined()
    await expect.poll(() => work(id)).toHaveLength(0)
  })

  it('a record that Kafka never takes holds up nobody beside it, and its bell is spaced', async () => {
    // Random, so that Snappy does not make it small.
    const big = Array.from({ length: 60_000 }, () => randomUUID()).join('')
    const { id } = await road.accept({ to: 'big@example.com', body: big })
    const beside = await road.accept({ to: 'beside@example.com' })
    await road.sql`update outbox set ring_at = now(), rings = 0 where message_id in (${id}, ${beside.id})`
    const state = async () => (await work(id))[0]
    await expect.poll(async () => (await state())?.['kafka_failed_at'], { timeout: 30_000 }).not.toBeNull()
    const spaced =
      await road.sql`select ring_at > now() + interval '20 s' as spaced from outbox where message_id = ${id}`
    expect(spaced).toEqual([{ spaced: true }])
    const records = await road.readTopic(road.config.KAFKA_TOPIC, beside.id)
    expect(records.some(({ key }) => key === id)).toBe(false)
  })
})

test('the relay goes on ringing when what is too old cannot be given up', async () => {
  const road = await openPipeline()
  try {
    await road.sql`alter table messages add constraint never_expired check (dead_reason is distinct from 'expired')`
    const old = await road.accept({ to: 'old@example.com' })
    await road.sql`update messages set expires_at = now() where id = ${old.id}`
    const { id } = await road.accept({ to: 'young@example.com' })
    await road.sql`update outbox set ring_at = now(), rings = 0 where message_id = ${id}`
    startRelay(road)
    const rung = async () => (await road.sql`select rings from outbox where message_id = ${id}`)[0]?.['rings'] === 1
    await expect.poll(rung, { timeout: 30_000 }).toBe(true)
  } finally {
    await road.close()
  }
})

/** Found by the fault suite (F3): while mail flows something is always ahead of the group, and such a mail waited for 15 min. */
test('a record that never came to Kafka is published again when the group has passed its place, not before', async () => {
  const road = await openPipeline()
  const { config, publisher, sql } = road
  const topic = config.KAFKA_TOPIC
  const admin = createKafka(config, 'test', road.log).admin()
  await admin.connect()
  try {
    const { id } = await road.accept({ to: 'lost@example.com' })
    const comesDue = () => sql`update outbox set ring_at = now(), rings = 1 where message_id = ${id}`
    const ringsOf = async () => (await sql`select rings from outbox where message_id = ${id}`)[0]?.['rings']
    // Of somebody else, in the same partition.
    const publishAnother = async () =>
      expect(await publisher.publish(topic, [{ key: id, value: Buffer.from('{}'), headers: {} }], 10_000)).toEqual([
        true,
      ])
    await publishAnother()
    const partition = publisher.partitionOf(topic, id) ?? -1
    const commit = (offset: number) =>
      admin.setOffsets({ groupId: config.KAFKA_GROUP_ID, topic, partitions: [{ partition, offset: String(offset) }] })
    await commit(0)
    const metrics = startRelay(road)
    const lagRead = async () => (await metrics.lag.get()).values[0]?.value
    const rungFor = async () =>
      (await metrics.published.get()).values.find(({ labels }) => labels.kind === 'send')?.value
    await expect.poll(lagRead, { timeout: 20_000 }).toBe(1)
    await comesDue()
    await expect.poll(ringsOf, { timeout: 10_000 }).toBe(2)
    // One that comes due after it is published: the round that looked at the first is over.
    const next = await road.accept({ to: 'next@example.com' })
    await sql`update outbox set ring_at = now(), rings = 0 where message_id = ${next.id}`
    await expect.poll(rungFor, { timeout: 10_000 }).toBe(1)
    // The group goes on, and there is something ahead of it at all times.
    const oneFurther = async () => {
      await publishAnother()
      const end = (await admin.fetchTopicOffsets(topic)).find((part) => part.partition === partition)?.high
      await commit(Number(end) - 1)
      await comesDue()
      return rungFor()
    }
    await expect.poll(oneFurther, { timeout: 40_000, interval: 1_000 }).toBeGreaterThan(1)
  } finally {
    await admin.disconnect()
    await road.close()
  }
}, 60_000)
