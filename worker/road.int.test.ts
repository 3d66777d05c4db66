import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '@/stack/ports'
import { goOn, ScriptedSmtp } from '@/stack/scripted-smtp'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'
import { startWorker, type RunningWorker } from './worker'

describe('the road from the outbox to the mailbox', () => {
  let road: Pipeline
  let worker: RunningWorker

  beforeAll(async () => {
    road = await openPipeline({
      BREAKER_PROBE_MS: '200',
      RETRY_BASE_MS: '300',
      AMBIGUOUS_WAIT_MS: '300',
      SMTP_REPLY_TIMEOUT_MS: '1500',
    })
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
    if (status !== 'dead') return
    const notice = (await road.readTopic(road.config.KAFKA_DLQ_TOPIC, id)).at(-1)
    expect(notice?.headers).toMatchObject({ 'dead-class': reason, 'original-topic': road.config.KAFKA_TOPIC })
    // Once Kafka has the notice, no work is left.
    await expect.poll(() => road.sql`select 1 from outbox where message_id = ${id}`).toHaveLength(0)
  })

  it('a welcome mail whose account was deleted between two tries is cancelled, its secret erased', async () => {
    const { id, record } = await road.accept({ to: '451+gone@example.com', secretBody: 'the first password' })
    await road.sql`update messages set type = 'welcome', template = 'welcome' where id = ${id}`
    await road.publisher.publish(road.config.KAFKA_TOPIC, [record], 10_000)
    await until(id, 'cancelled')
    expect(await road.sql`select 1 from message_secrets where message_id = ${id}`).toHaveLength(0)
    expect(await road.sql`select 1 from outbox where message_id = ${id}`).toHaveLength(0)
    expect(await events(id)).toEqual(['accepted', 'cancelled'])
  })

  it('a plain mail that its caller calls a welcome is sent: it is about no account of ours', async () => {
    const { id, record } = await road.accept({ to: 'plain-welcome@example.com' })
    await road.sql`update messages set type = 'welcome' where id = ${id}`
    await road.publisher.publish(road.config.KAFKA_TOPIC, [record], 10_000)
    await until(id, 'sent')
    expect(await road.mailsTo('plain-welcome@example.com')).toHaveLength(1)
  })

  it('a sealed body is in the mail, and nowhere in Kafka or, once sent, in Postgres', async () => {
    const { id, record } = await road.accept({ to: 'sealed@example.com', secretBody: 'canary-7391' })
    await road.publisher.publish(road.config.KAFKA_TOPIC, [record], 10_000)
    await until(id, 'sent')
    const [mail] = await road.mailsTo('sealed@example.com')
    expect((await road.readMail(mail?.ID ?? '')).Text).toContain('canary-7391')
    const records = await road.readTopic(road.config.KAFKA_TOPIC, id)
    expect(JSON.stringify(records)).toContain(id)
    expect(JSON.stringify(records)).not.toContain('canary-7391')
    expect(await road.sql`select 1 from message_secrets where message_id = ${id}`).toHaveLength(0)
    expect(JSON.stringify(await row(id))).not.toContain('canary-7391')
  })

  it('a mail has its text part first, as real text', async () => {
    const { id, record } = await road.accept({ to: 'text@example.com', body: 'Fish & chips <3' })
    await road.publisher.publish(road.config.KAFKA_TOPIC, [record], 10_000)
    await until(id, 'sent')
    const [mail] = await road.mailsTo('text@example.com')
    const { Text, Raw } = await road.readMail(mail?.ID ?? '')
    expect(Text).toContain('Fish & chips <3')
    expect(Raw.indexOf('text/plain')).toBeLessThan(Raw.indexOf('text/html'))
  })

  it('each try tells where its time went, from when it was due to the answer', async () => {
    const { id, record } = await road.accept({ to: '451-twice+spent@example.com' })
    await road.publisher.publish(road.config.KAFKA_TOPIC, [record], 10_000)
    await until(id, 'sent')
    const tries = await road.sql<{ took: Record<string, number>; ms: number; whole: number }[]>`
      select detail->'took' as took, (detail->>'ms')::int as ms,
        (extract(epoch from at - coalesce(lag((detail->>'dueAt')::timestamptz) over (order by id), (select created_at from messages where id = ${id}))) * 1000)::float8 as whole
      from message_events where message_id = ${id} and event in ('try_failed', 'sent') order by id`
    expect(tries).toHaveLength(3)
    for (const { took, ms, whole } of tries) {
      expect(Object.keys(took).toSorted()).toEqual(['connect', 'data', 'kafka', 'outbox', 'slot'])
      const sum = Object.values(took).reduce((all, part) => all + part, 0)
      expect(sum).toBeGreaterThan(0)
      // `dueAt` is written to the whole second.
      expect(sum).toBeLessThanOrEqual(whole + 1_050)
      expect((took['connect'] ?? 0) + (took['data'] ?? 0)).toBeLessThanOrEqual(ms + 1)
    }
  })

  it('many mails go over few connections', async () => {
    const asked = await Promise.all(Array.from({ length: 60 }, (_, n) => road.accept({ to: `many-${n}@example.com` })))
    await road.publisher.publish(
      road.config.KAFKA_TOPIC,
      asked.map(({ record }) => record),
      10_000,
    )
    for (const { id } of asked) await until(id, 'sent')
    const metrics = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text()
    const opened = Number(/^smtp_connections_opened_total (\d+)/m.exec(metrics)?.[1])
    const sent = Number(/^email_attempts_total\{outcome="sent"\} (\d+)/m.exec(metrics)?.[1])
    expect(sent).toBeGreaterThanOrEqual(60)
    expect(opened).toBeGreaterThan(0)
    // Ten at once at most; the misbehaving addresses above cost one each.
    expect(opened).toBeLessThan(30)
  })

  it('stopping gives back what has not begun, unsent, and loses nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'usual-store-road-'))
    const server = new ScriptedSmtp(await freePort(), join(folder, 'smtp.log'))
    await server.listen()
    const answer = new AbortController()
    const answered = new Promise<void>((resolve) => answer.signal.addEventListener('abort', () => resolve()))
    server.script = ({ moment }) => (moment === 'dot' ? { kind: 'accept_late', reply: answered } : goOn)
    const stopped = await openPipeline({ SMTP_CONNECTIONS: '1', SMTP_PORT: String(server.port) })
    try {
      const start = (name: string) =>
        startWorker({ config: stopped.config, name, log: stopped.log, onDead: () => undefined })
      const first = await start('w2')
      const asked = await Promise.all(['one@example.com', 'two@example.com'].map((to) => stopped.accept({ to })))
      await stopped.publisher.publish(
        stopped.config.KAFKA_TOPIC,
        asked.map(({ record }) => record),
        10_000,
      )
      await expect
        .poll(() => stopped.sql`select 1 from messages where status = 'sending'`, { timeout: 20_000, interval: 25 })
        .toHaveLength(2)
      // One mail has left whole and waits for its reply; the other waits for the one connection.
      await expect.poll(() => server.accepted, { timeout: 20_000, interval: 25 }).toHaveLength(1)
      const stopping = first.stop()
      answer.abort()
      await stopping
      const rows = await stopped.sql`select status, retry_count, may_have_been_delivered from messages order by id`
      expect(rows.map((each) => String(each['status'])).toSorted()).toEqual(['queued', 'sent'])
      expect(rows.every((each) => each['retry_count'] === 0 && each['may_have_been_delivered'] === false)).toBe(true)
      const second = await start('w3')
      await expect
        .poll(() => stopped.sql`select 1 from messages where status = 'sent'`, { timeout: 20_000, interval: 25 })
        .toHaveLength(2)
      await second.stop()
      expect(server.accepted.map((mail) => mail.to).toSorted()).toEqual(['one@example.com', 'two@example.com'])
    } finally {
      await stopped.close()
      await server.close()
      rmSync(folder, { recursive: true })
    }
  })
})
