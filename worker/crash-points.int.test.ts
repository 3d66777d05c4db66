import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SMTPServer } from 'smtp-server'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'

/** An SMTP server that stops where the test says, and remembers what it took. */
class ScriptedServer {
  stopAt: 'recipient' | 'dot' | null = null
  readonly taken: string[] = []
  reached: Promise<void>
  #say!: () => void
  #reply: () => void = () => undefined
  readonly #server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: (_address, _session, next) => (this.stopAt === 'recipient' ? this.#say() : next()),
    onData: (stream, _session, next) => {
      let content = ''
      stream.on('data', (chunk: Buffer) => (content += chunk.toString()))
      stream.on('end', () => {
        this.taken.push(/^Message-ID: <(.*)@/m.exec(content)?.[1] ?? 'none')
        if (this.stopAt !== 'dot') return next()
        this.#reply = next
        this.#say()
      })
    },
  })

  constructor() {
    this.reached = this.expect(null)
    this.#server.on('error', () => undefined) // a killed worker resets its connections
  }

  /** From now on it stops there; resolves when it was reached. */
  expect(stopAt: ScriptedServer['stopAt']): Promise<void> {
    this.stopAt = stopAt
    this.reached = new Promise((resolve) => {
      this.#say = resolve
    })
    return this.reached
  }

  /** Sends the reply that was kept back. */
  release(): void {
    this.#reply()
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server.server, 'listening')
    return (this.#server.server.address() as AddressInfo).port
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

const kill = async (child: ChildProcess) => {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

describe('a process that dies at any point of the road', () => {
  const server = new ScriptedServer()
  let road: Pipeline

  beforeAll(async () => {
    road = await openPipeline({ SMTP_PORT: String(await server.listen()) })
    road.onClose(() => server.close())
  })
  afterAll(() => road.close())
  beforeEach(() => {
    server.taken.length = 0
    void server.expect(null)
  })

  /** Instead of waiting a minute for the hold of a dead worker to run out. */
  const letHoldRunOut = (id: string) =>
    road.sql`update outbox set held_until = now() - interval '1 s', ring_at = now() where message_id = ${id}`
  const ringNow = (id: string) => road.sql`update outbox set ring_at = now() where message_id = ${id}`
  const waitingSettles = () =>
    road.sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%jsonb_to_recordset%'`
  const row = async (id: string) =>
    (
      await road.sql`select status, may_have_been_delivered as flagged, crashes, retry_count from messages where id = ${id}`
    )[0]
  const until = async (id: string, status: string) => {
    await expect.poll(async () => (await row(id))?.['status'], { timeout: 30_000, interval: 25 }).toBe(status)
  }
  const copies = (id: string) => server.taken.filter((taken) => taken === id).length

  /** Publishes a message and waits until a worker stands at that point of the conversation. */
  const reach = async (point: 'recipient' | 'dot') => {
    const { id, record } = await road.accept({ to: 'someone@example.com' })
    await road.publisher.publish(road.config.KAFKA_TOPIC, [record], 10_000)
    const reached = server.expect(point)
    const worker = road.spawnWorker()
    await reached
    expect(await row(id)).toMatchObject({ status: 'sending' })
    return { id, worker }
  }
  /** The hold of the dead worker runs out, and another one sends the message. */
  const takeOver = async (id: string) => {
    void server.expect(null)
    expect(await row(id)).toMatchObject({ status: 'sending' })
    await letHoldRunOut(id)
    const worker = road.spawnWorker()
    await until(id, 'sent')
    await kill(worker)
    expect(await row(id)).toMatchObject({ flagged: true, crashes: 1, retry_count: 0 })
    const told = await road.sql`select 1 from message_events where message_id = ${id} and event = 'worker_lost'`
    expect(told).toHaveLength(1)
  }

  it('before publish: the request died after its commit, and the relay rings in its place', async () => {
    const { id } = await road.accept({ to: 'someone@example.com' })
    await ringNow(id)
    const worker = road.spawnWorker()
    await until(id, 'sent')
    await kill(worker)
    expect(copies(id)).toBe(1)
    expect(await row(id)).toMatchObject({ flagged: false, crashes: 0 })
  })

  it('after publish: published again by whoever did not know, and the second record is dropped', async () => {
    const { id, record } = await road.accept({ to: 'someone@example.com' })
    await road.publisher.publish(road.config.KAFKA_TOPIC, [record, record], 10_000)
    await ringNow(id)
    const worker = road.spawnWorker()
    await until(id, 'sent')
    // What came behind it has been read too, so every copy of the record has been dropped by now.
    const after = await road.accept({ to: 'someone@example.com' })
    await road.publisher.publish(road.config.KAFKA_TOPIC, [record, after.record], 10_000)
    await until(after.id, 'sent')
    await kill(worker)
    expect(copies(id)).toBe(1)
    expect(await row(id)).toMatchObject({ flagged: false })
  })

  it('after the hold, before the body: taken over, sent once, flagged because nobody can know', async () => {
    const { id, worker } = await reach('recipient')
    await kill(worker)
    await takeOver(id)
    expect(copies(id)).toBe(1)
  })

  it('after the final dot, before the reply: sent again with the same Message-ID, and flagged', async () => {
    const { id, worker } = await reach('dot')
    await kill(worker)
    await takeOver(id)
    expect(copies(id)).toBe(2)
  })

  it('after the reply, before settle: sent again and flagged; nothing is lost', async () => {
    const { id, worker } = await reach('dot')
    // The reply comes, but the result cannot be written: its row is locked.
    await road.sql.begin(async (sql) => {
      await sql`select 1 from outbox where message_id = ${id} for update`
      server.release()
      await expect.poll(waitingSettles, { timeout: 10_000 }).toHaveLength(1)
      await kill(worker)
      // Postgres notices only when it wants to answer; the dead worker's statement must not be done after all.
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and query like '%jsonb_to_recordset%'`
    })
    await takeOver(id)
    expect(copies(id)).toBe(2)
  })

  it('five workers lost over one message: parked as a crash loop, with a notice on email-dlq', async () => {
    const { id } = await road.accept({ to: 'someone@example.com' })
    await road.sql`update messages set crashes = 4, status = 'sending' where id = ${id}`
    await road.sql`update outbox set hold = gen_random_uuid(), held_until = now() - interval '1 s', ring_at = now() where message_id = ${id}`
    const worker = road.spawnWorker()
    await until(id, 'dead')
    const notice = (await road.readTopic(road.config.KAFKA_DLQ_TOPIC, id)).at(-1)
    await kill(worker)
    expect(notice?.key).toBe(id)
    expect(notice?.headers).toMatchObject({ 'dead-class': 'crash_loop', 'original-topic': road.config.KAFKA_TOPIC })
    expect(JSON.parse(notice?.value ?? '')).toMatchObject({ message: { id, status: 'dead' } })
    expect(copies(id)).toBe(0)
  })
})
