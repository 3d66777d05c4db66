import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toEnvelope, type EmailRecord } from '@/core/envelope'
import type { Delivery } from '@/core/delivery-mode'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'
import { startWorker, type RunningWorker } from './worker'

const start = (road: Pipeline) =>
  startWorker({
    config: road.config,
    name: 'w1',
    log: road.log,
    onDead: (error) => expect.unreachable(String(error)),
  })
const connectionsOf = async (worker: RunningWorker) => {
  const metrics = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text()
  return Number(/^smtp_connections_opened_total (\d+)/m.exec(metrics)?.[1] ?? 0)
}
const rowOf = async (road: Pipeline, id: string) =>
  (
    await road.sql`select status, delivery, may_have_been_delivered, last_reply from messages where ${id} in (id, producer_id)`
  )[0]
const until = async (road: Pipeline, id: string, status: string) => {
  await expect.poll(async () => (await rowOf(road, id))?.['status'], { timeout: 30_000, interval: 25 }).toBe(status)
}
const events = async (road: Pipeline, id: string) =>
  (await road.sql`select event from message_events where message_id = ${id} order by id`).map((e) => String(e['event']))
const publish = (road: Pipeline, ...records: Parameters<Pipeline['publisher']['publish']>[1][number][]) =>
  road.publisher.publish(road.config.KAFKA_TOPIC, records, 10_000)

/** A record as another producer writes it: unsigned. */
function foreign(road: Pipeline, id: string, to: string) {
  const envelope: EmailRecord = toEnvelope({
    id,
    type: 'notification',
    template: 'plain',
    from: road.config.SMTP_USER,
    to,
    subject: 'Foreign',
    data: { body: 'Hello' },
    priority: 'normal',
    createdAt: new Date().toISOString(),
    retryCount: 0,
    maxRetries: 3,
    status: 'pending',
  })
  return { key: id, value: Buffer.from(JSON.stringify(envelope)), headers: {} }
}

describe('a worker of a live installation', () => {
  let road: Pipeline
  let worker: RunningWorker

  beforeAll(async () => {
    road = await openPipeline()
    worker = await start(road)
    road.onClose(() => worker.stop())
  })
  afterAll(() => road.close())

  it('makes the mail of a test key, settles it as sent and pretended, and speaks to no mail server', async () => {
    const { id, record } = await road.accept({
      to: '550@example.com',
      delivery: 'pretend',
      secretBody: 'canary-pretended',
    })
    await publish(road, record)
    await until(road, id, 'sent')
    expect(await rowOf(road, id)).toEqual({
      status: 'sent',
      delivery: 'pretend',
      may_have_been_delivered: false,
      last_reply: null,
    })
    expect(await events(road, id)).toEqual(['accepted', 'pretended'])
    expect(await road.sql`select 1 from outbox where message_id = ${id}`).toHaveLength(0)
    expect(await road.sql`select 1 from message_secrets where message_id = ${id}`).toHaveLength(0)
    expect(await connectionsOf(worker)).toBe(0)
  })

  it('a pretended mail that cannot be made dies, as a true one would', async () => {
    const { id, record } = await road.accept({ to: 'b@example.com', delivery: 'pretend' })
    await road.sql`update messages set data = '{}' where id = ${id}`
    await publish(road, record)
    await until(road, id, 'dead')
    expect(await events(road, id)).toEqual(['accepted', 'dead'])
  })

  it('a held mail is taken by nobody, not even when its record is there; let go, it is sent', async () => {
    const { id, record } = await road.accept({ to: 'stranger@example.com', delivery: 'held' })
    const after = await road.accept({ to: 'after@example.com' })
    await publish(road, record, after.record)
    await until(road, after.id, 'sent')
    expect(await rowOf(road, id)).toMatchObject({ status: 'queued', delivery: 'held' })
    // As `letGo` leaves it, the bell due at once: the relay finds it.
    await road.sql`update messages set delivery = 'send' where id = ${id}`
    await road.sql`update outbox set due_at = now(), ring_at = now(), rings = 0 where message_id = ${id}`
    await until(road, id, 'sent')
    expect(await road.mailsTo('stranger@example.com')).toHaveLength(1)
  })
})

describe('a worker of an installation with a guest list', () => {
  let road: Pipeline

  beforeAll(async () => {
    road = await openPipeline({ DELIVERY_MODE: 'guest_list', DELIVERY_GUEST_LIST: 'guest@example.com' })
    const worker = await start(road)
    road.onClose(() => worker.stop())
  })
  afterAll(() => road.close())

  it('takes in what other producers write to strangers, and holds it', async () => {
    const [stranger, guest] = ['01920000-0000-7000-8000-000000000001', '01920000-0000-7000-8000-000000000002']
    await publish(road, foreign(road, stranger, 'stranger@example.com'), foreign(road, guest, 'guest@example.com'))
    await until(road, guest, 'sent')
    await until(road, stranger, 'queued')
    expect(await rowOf(road, stranger)).toMatchObject({ delivery: 'held' })
    expect(
      await road.sql`select due_at = 'infinity' as never, ring_at = 'infinity' as silent from outbox
        where message_id = (select id from messages where producer_id = ${stranger})`,
    ).toEqual([{ never: true, silent: true }])
    expect(await road.mailsTo('stranger@example.com')).toHaveLength(0)
    expect(await road.mailsTo('guest@example.com')).toHaveLength(1)
  })
})

describe('a worker of a test installation', () => {
  let road: Pipeline
  let worker: RunningWorker

  beforeAll(async () => {
    road = await openPipeline({ DELIVERY_MODE: 'test' })
    worker = await start(road)
    road.onClose(() => worker.stop())
  })
  afterAll(() => road.close())

  it.each<Delivery>(['send', 'pretend'])('pretends all mail, also what was accepted as: %s', async (delivery) => {
    const { id, record } = await road.accept({ to: 'anybody@example.com', delivery })
    await publish(road, record)
    await until(road, id, 'sent')
    expect(await rowOf(road, id)).toMatchObject({ delivery: 'pretend' })
    expect(await events(road, id)).toEqual(['accepted', 'pretended'])
  })

  it('mints no link for a mail that nobody reads', async () => {
    const userId = await road.addUser({ email: 'linked@example.com', role: 'user' })
    const { id, record } = await road.accept({ to: 'linked@example.com' })
    await road.sql`update messages set type = 'password_reset', template = 'password-reset', user_id = ${userId},
      data = '{"first_name":"Noor","email":"linked@example.com"}' where id = ${id}`
    await publish(road, record)
    await until(road, id, 'sent')
    expect(await road.sql`select 1 from one_time_links`).toHaveLength(0)
  })

  it('has spoken to no mail server at all', async () => {
    expect(await connectionsOf(worker)).toBe(0)
    expect(await road.arrived()).toEqual([])
  })
})
