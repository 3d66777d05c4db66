import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'
import { startWorker, type RunningWorker } from './worker'

describe('the road from the outbox to the mailbox', () => {
  let road: Pipeline
  let worker: RunningWorker

  beforeAll(async () => {
    road = await openPipeline({ RETRY_BASE_MS: '300', AMBIGUOUS_WAIT_MS: '300', SMTP_REPLY_TIMEOUT_MS: '1500' })
    worker = await startWorker({
      config: road.config,
      name: 'w1',
      log: road.log,
      onDead: (error) => expect.unreachable(String(error)),
    })
    road.onClose(() => worker.stop())
  })
  afterAll(() => road.close())

  const row = async (id: string) => (await road.sql`select * from messages where id = ${id}`)[0]
  const until = async (id: string, status: string) => {
    await expect.poll(async () => (await row(id))?.['status'], { timeout: 20_000, interval: 25 }).toBe(status)
  }
  const events = async (id: string) =>
    (await road.sql`select event from message_events where message_id = ${id} order by id`).map((e) =>
      String(e['event']),
    )

  it('delivers a message whose record was published, and deletes its work', async () => {
    const { id, record } = await road.accept({ to: 'ok@example.com', body: 'Hello & goodbye' })
    expect(await road.publisher.publish(road.config.KAFKA_TOPIC, [record], 10_000)).toEqual([true])
    await until(id, 'sent')
    expect(await road.mailsTo('ok@example.com')).toHaveLength(1)
    expect(await road.sql`select 1 from outbox where message_id = ${id}`).toHaveLength(0)
    expect(await events(id)).toEqual(['accepted', 'sent'])
  })

  it.each([
    ['550@example.com', 'dead', 'refused', 0],
    ['552@example.com', 'dead', 'refused', 0],
    ['451@example.com', 'dead', 'tries_used_up', 3],
    ['451-twice@example.com', 'sent', null, 2],
    ['421@example.com', 'dead', 'tries_used_up', 3],
    ['hang@example.com', 'dead', 'ambiguous', 1],
    ['drop-after-dot@example.com', 'dead', 'ambiguous', 1],
  ])('%s ends as %s (%s) after %i failed tries that were retried', async (to, status, reason, retries) => {
    const { id, record } = await road.accept({ to })
    await road.publisher.publish(road.config.KAFKA_TOPIC, [record], 10_000)
    await until(id, status)
    expect(await row(id)).toMatchObject({
      dead_reason: reason,
      retry_count: retries,
      may_have_been_delivered: reason === 'ambiguous',
    })
  })
})
