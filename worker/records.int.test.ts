import { randomBytes, randomUUID } from 'node:crypto'
import { Kafka, type Message } from 'kafkajs'
import { hash as xxh32 } from 'lz4js/xxh32.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CompressionCodecs, CompressionTypes } from '@/kafka/client'
import { toKafkaRecord } from '@/kafka/record'
import { templates } from '@/emails/registry'
import { acceptForeign } from '@/db/accept-foreign'
import { openWorkerDatabase } from '@/db/client'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'
import { startWorker, type RunningWorker } from './worker'

type Envelope = { type: string; message: Record<string, unknown> }

/** As the original's Go producer writes it. */
const envelope = (message: Record<string, unknown> = {}): Envelope => ({
  type: 'notification',
  message: {
    id: randomUUID(),
    from: 'noreply@usualstore.com',
    to: 'someone@example.com',
    subject: 'A mail of another service',
    template: 'plain',
    data: { body: 'Hello from elsewhere' },
    priority: 'normal',
    timestamp: new Date().toISOString(),
    retry_count: 0,
    max_retries: 3,
    status: 'pending',
    ...message,
  },
})
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const patient = { timeout: 30_000, interval: 20 }

async function open(settings: Record<string, string> = {}) {
  const road = await openPipeline({ KAFKA_PARTITIONS: '1', ...settings })
  const worker: RunningWorker = await startWorker({
    config: road.config,
    name: 'w1',
    log: road.log,
    onDead: (error) => expect.unreachable(String(error)),
  })
  const producer = new Kafka({ brokers: road.config.KAFKA_BROKERS, logLevel: 0 }).producer()
  await producer.connect()
  road.onClose(() => Promise.all([worker.stop(), producer.disconnect()]))
  const put = async (messages: Message[], compression = CompressionTypes.None) => {
    const [result] = await producer.send({ topic: road.config.KAFKA_TOPIC, messages, compression })
    return Number(result?.baseOffset)
  }
  return { road, worker, put }
}

/** By its own id, or by the one that its producer gave it. */
const row = async (road: Pipeline, id: string) =>
  (await road.sql`select * from messages where ${id} in (id, producer_id)`)[0]
const untilStatus = async (road: Pipeline, id: string, status: string) => {
  await expect.poll(async () => (await row(road, id))?.['status'], patient).toBe(status)
}
/** Buffers are compared byte by byte and told apart one by one, which takes 20 s for a megabyte: their hex does not. */
const hex = (value: Buffer | string | null | undefined) =>
  value === null || value === undefined ? null : Buffer.from(value).toString('hex')
const deadRecords = (road: Pipeline) => road.sql`select * from dead_records order by "offset"`

/** What stands on email-dlq, once it holds so many. */
async function notices(road: Pipeline, atLeast: number) {
  const consumer = new Kafka({ brokers: road.config.KAFKA_BROKERS, logLevel: 0 }).consumer({
    groupId: randomUUID(),
    maxWaitTimeInMs: 100,
  })
  const found: { key: Buffer | null; value: Buffer | null; headers: Record<string, string> }[] = []
  await consumer.connect()
  await consumer.subscribe({ topics: [road.config.KAFKA_DLQ_TOPIC], fromBeginning: true })
  await consumer.run({
    eachMessage: ({ message: { key, value, headers } }) => {
      const asText = Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)])
      found.push({ key, value, headers: Object.fromEntries(asText) as Record<string, string> })
      return Promise.resolve()
    },
  })
  await expect.poll(() => found.length, patient).toBeGreaterThanOrEqual(atLeast)
  await expect.poll(() => road.sql`select 1 from outbox where kind <> 'send'`, patient).toHaveLength(0)
  await consumer.disconnect()
  return found
}

describe('records that are no mail, among good mail in one partition (F20)', { timeout: 180_000 }, () => {
  let road: Pipeline
  let put: Awaited<ReturnType<typeof open>>['put']

  beforeAll(async () => {
    ;({ road, put } = await open())
  })
  afterAll(() => road.close())

  const ours = (id: string) => {
    const whole = envelope({ id })
    return toKafkaRecord(road.config.KAFKA_TOPIC, whole as never, 1, road.config.SIGNING_KEYS)
  }

  const corpus: [kind: string, reason: string, make: () => Message][] = [
    ['bad JSON', 'unreadable', () => ({ value: '{"type": "notification", "message": ' })],
    ['no JSON at all', 'unreadable', () => ({ value: 'hello' })],
    ['an empty value', 'empty', () => ({ value: '' })],
    ['a null value', 'empty', () => ({ value: null })],
    [
      'NUL bytes everywhere',
      'unreadable',
      () => ({ key: '\0', value: Buffer.alloc(100), headers: { 'a\0b': 'c\0d' } }),
    ],
    ['NUL bytes in the text', 'unreadable', () => ({ value: json(envelope({ data: { body: 'a\0b' } })) })],
    ['half a character', 'unreadable', () => ({ value: json(envelope({ data: { body: 'a\ud800b' } })) })],
    [
      'bytes that are not UTF-8',
      'unreadable',
      () => ({ value: Buffer.concat([json(envelope()), Buffer.from([0xff, 0xfe])]) }),
    ],
    ['5,000 braces', 'unreadable', () => ({ value: '{'.repeat(5_000) })],
    [
      '5,000 levels',
      'no_text',
      () => ({
        value: JSON.stringify(envelope({ data: { x: 0 } })).replace(
          '"x":0',
          `"x":${'['.repeat(5_000)}${']'.repeat(5_000)}`,
        ),
      }),
    ],
    ['a number for the message', 'unreadable', () => ({ value: '{"type":"notification","message":7}' })],
    [
      'wrong types',
      'unreadable',
      () => ({ value: json({ type: 'notification', message: { ...envelope().message, to: 5, data: [] } }) }),
    ],
    ['an unknown type', 'unreadable', () => ({ value: json({ ...envelope(), type: 'newsletter' }) })],
    [
      '__proto__',
      'unreadable',
      () => ({
        value: '{"__proto__":{"type":"notification","message":{"to":"a@example.com"}}}',
        headers: { __proto__: 'x' },
      }),
    ],
    ['a string of 1 MB', 'too_large', () => ({ value: json({ x: 'y'.repeat(1_000_000) }) })],
    [
      'random bytes',
      'unreadable',
      () => ({ key: randomBytes(20), value: randomBytes(2_000), headers: { h: randomBytes(40) } }),
    ],
    [
      'a Snappy frame for a value',
      'unreadable',
      () => ({ value: Buffer.from('glNOQVBQWQAAAAABAAAAAQAAAA==', 'base64') }),
    ],
    ['an LZ4 frame for a value', 'unreadable', () => ({ value: Buffer.from('BCJNGGBAgisAAADR', 'base64') })],
    ['a ZSTD frame for a value', 'unreadable', () => ({ value: Buffer.from('KLUv/QBYPAEA4E5l', 'base64') })],
    ['a gzip frame for a value', 'unreadable', () => ({ value: Buffer.from('H4sIAAAAAAAA//NL', 'base64') })],
    [
      'a signature that is not ours',
      'bad_signature',
      () => ({
        key: 'k',
        value: json(envelope()),
        headers: { signature: 'AAAA', 'key-id': 'k1', 'message-id': 'k', attempt: '1' },
      }),
    ],
    [
      'our record, altered',
      'bad_signature',
      () => ({ ...ours(randomUUID()), value: json(envelope({ to: 'evil@example.com' })) }),
    ],
    ['our record without a row', 'no_row', () => ours(randomUUID())],
    ['a newer envelope', 'newer_version', () => ({ value: json(envelope()), headers: { 'envelope-version': '2' } })],
    ['two addresses', 'bad_address', () => ({ value: json(envelope({ to: 'a@example.com, b@example.com' })) })],
    [
      'a line break in the address',
      'bad_address',
      () => ({ value: json(envelope({ to: 'a@example.com\r\nBcc: b@example.com' })) }),
    ],
    ['no text', 'no_text', () => ({ value: json(envelope({ data: {} })) })],
    [
      'a template that needs an account',
      'no_text',
      () => ({
        value: json(envelope({ template: 'password-reset', data: { first_name: 'A', email: 'a@example.com' } })),
      }),
    ],
    [
      'a notice that only our own system sends',
      'no_text',
      () => ({
        value: json(envelope({ template: 'password-changed', data: templates['password-changed'].sample })),
      }),
    ],
    ['a mail of last week', 'too_old', () => ({ value: json(envelope({ timestamp: '2020-01-01T00:00:00Z' })) })],
  ]

  test('each is kept byte for byte, listed and noted once, and the good mail behind it leaves within 5 s', async () => {
    const kept = new Map<number, { kind: string; reason: string; message: Message }>()
    let slowest = { ms: 0, kind: '' }
    for (const [kind, reason, make] of corpus) {
      const message = make()
      const good = await road.accept({ to: 'good@example.com' })
      const offset = await put([message, { ...good.record }])
      const since = performance.now()
      await untilStatus(road, good.id, 'sent')
      const ms = Math.round(performance.now() - since)
      if (ms > slowest.ms) slowest = { ms, kind }
      kept.set(offset, { kind, reason, message })
    }
    process.stdout.write(
      `${corpus.length} kinds of poison; slowest good mail behind one: ${slowest.ms} ms (${slowest.kind})\n`,
    )
    expect(slowest.ms).toBeLessThan(5_000)

    const rows = await deadRecords(road)
    expect(
      rows.map((each) => [Number(each['offset']), kept.get(Number(each['offset']))?.kind, each['reason']]),
    ).toEqual([...kept].map(([offset, { kind, reason }]) => [offset, kind, reason]))
    for (const each of rows) {
      const { message } = kept.get(Number(each['offset'])) ?? {}
      expect([hex(each['key'] as Buffer | null), hex(each['value'] as Buffer | null)]).toEqual([
        hex(message?.key),
        hex(message?.value),
      ])
    }

    // Another group reads everything again, as after a reset of its offsets: nothing is listed, noted or sent twice.
    const again = await startWorker({
      config: { ...road.config, KAFKA_GROUP_ID: randomUUID(), WORKER_PORT: 0 },
      name: 'w2',
      log: road.log,
      onDead: (error) => expect.unreachable(String(error)),
    })
    const last = await road.accept({ to: 'last@example.com' })
    await put([{ ...last.record }])
    await untilStatus(road, last.id, 'sent')
    const read = async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${again.port}/metrics`)).text()
      return [...metrics.matchAll(/^kafka_records_total\{.*\} (\d+)/gm)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      )
    }
    await expect.poll(read, patient).toBe(2 * corpus.length + 1)
    await again.stop()
    expect(await deadRecords(road)).toHaveLength(corpus.length)
    expect(await road.mailsTo('good@example.com')).toHaveLength(corpus.length)

    const dlq = await notices(road, corpus.length)
    expect(dlq.map(({ headers }) => Number(headers['original-offset'])).toSorted((a, b) => a - b)).toEqual([
      ...kept.keys(),
    ])
    for (const { key, value, headers } of dlq) {
      const { reason, message, kind } = kept.get(Number(headers['original-offset'])) ?? {}
      expect([kind, headers['dead-class'], headers['original-topic'], headers['original-partition']]).toEqual([
        kind,
        reason,
        road.config.KAFKA_TOPIC,
        '0',
      ])
      expect(headers['dead-reason']).toMatch(/^It .*\.$/)
      const isLeftOut = reason === 'too_large'
      expect(headers['value-kept-in']).toBe(isLeftOut ? 'dead_records' : undefined)
      expect([kind, hex(key), hex(value)]).toEqual([
        kind,
        isLeftOut ? null : hex(message?.key),
        isLeftOut ? null : hex(message?.value),
      ])
    }
  })

  test('a mail of another producer arrives in whichever codec its batch was written', async () => {
    // The two that we only read, as uncompressed blocks: valid frames all the same.
    const real = { ...CompressionCodecs }
    const writing = (name: 'LZ4' | 'ZSTD', frame: (block: Buffer) => Buffer) => () => ({
      ...(real[CompressionTypes[name]] as () => object)(),
      compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(frame(buffer)),
    })
    CompressionCodecs[CompressionTypes.LZ4] = writing('LZ4', lz4Frame)
    CompressionCodecs[CompressionTypes.ZSTD] = writing('ZSTD', zstdFrame)
    const written = new Map<string, string>()
    try {
      for (const name of ['None', 'GZIP', 'Snappy', 'LZ4', 'ZSTD'] as const) {
        const mail = envelope({ to: `${name.toLowerCase()}@example.com` })
        await put([{ value: json(mail) }], CompressionTypes[name])
        written.set(name, String(mail.message['id']))
      }
    } finally {
      Object.assign(CompressionCodecs, real)
    }
    for (const [name, id] of written) {
      await untilStatus(road, id, 'sent')
      expect(await road.mailsTo(`${name.toLowerCase()}@example.com`)).toHaveLength(1)
    }
  })
})

function lz4Frame(block: Buffer): Buffer {
  const descriptor = Buffer.from([0x60, 0x40])
  const check = (xxh32(0, descriptor, 0, 2) >>> 8) & 0xff
  const size = Buffer.alloc(4)
  size.writeUInt32LE((block.length | 0x80000000) >>> 0)
  return Buffer.concat([Buffer.from('04224d18', 'hex'), descriptor, Buffer.from([check]), size, block, Buffer.alloc(4)])
}

function zstdFrame(block: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt8(0xa0) // one segment, its size in four bytes
  header.writeUInt32LE(block.length, 1)
  header.writeUIntLE((block.length << 3) | 1, 5, 3) // the last block, raw
  return Buffer.concat([Buffer.from('28b52ffd', 'hex'), header, block])
}

describe('mail of other producers', () => {
  let road: Pipeline
  let put: Awaited<ReturnType<typeof open>>['put']
  beforeAll(async () => {
    ;({ road, put } = await open())
  })
  afterAll(() => road.close())

  test('is delivered and tracked like our own', async () => {
    const mail = envelope({ to: 'foreign@example.com', priority: 'high' })
    const id = String(mail.message['id'])
    await put([{ key: id, value: json(mail) }])
    await untilStatus(road, id, 'sent')
    expect(await row(road, id)).toMatchObject({
      source: 'kafka',
      type: 'notification',
      template: 'plain',
      subject: 'A mail of another service',
      priority: 0,
      from_address: road.config.SMTP_USER,
      max_retries: 3,
      sensitive: false,
      data: { body: 'Hello from elsewhere' },
    })
    const events = await road.sql`
      select e.event, e.detail from message_events e join messages m on m.id = e.message_id where m.producer_id = ${id} order by e.id`
    expect(events.map((each) => String(each['event']))).toEqual(['accepted', 'sent'])
    expect(events[0]?.['detail']).toMatchObject({ by: 'Another service, through Kafka', source: 'kafka' })
    expect(await road.mailsTo('foreign@example.com')).toHaveLength(1)
  })

  test('stands in lists by when it came, whatever id its producer gave it', async () => {
    const made: string[] = []
    for (const id of ['ffffffff-ffff-4fff-bfff-ffffffffffff', randomUUID(), '01000000-0000-7000-8000-000000000001']) {
      await put([{ key: id, value: json(envelope({ id: id.toUpperCase(), to: 'order@example.com' })) }])
      await untilStatus(road, id, 'sent')
      made.push(id, (await road.accept({ to: 'order@example.com' })).id)
    }
    const listed = await road.sql<{ id: string }[]>`
      select coalesce(producer_id, id) as id from messages where to_address = 'order@example.com' order by messages.id`
    expect(listed.map(({ id }) => id)).toEqual(made)
  })

  test('that comes again under the same id is the same mail, also to two workers at once and with another time', async () => {
    const id = randomUUID()
    const mail = { producerId: id, type: 'notification', template: 'plain', to: 'again@example.com' } as const
    const content = { from: road.config.SMTP_USER, subject: 'Again', data: { body: 'Hi' }, priority: 'normal' } as const
    const rest = { maxRetries: 3, sensitive: true, askedAt: new Date().toISOString() }
    const more = { seal: () => Buffer.from('sealed'), lifeMinutes: 60, delivery: 'held', partition: 0 } as const
    const sql = openWorkerDatabase({ url: road.config.DATABASE_URL, max: 10, part: 'test' })
    road.onClose(() => sql.end())
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, offset) =>
        acceptForeign(sql, { ...mail, ...content, ...rest }, { ...more, offset }),
      ),
    )
    const own = String((await row(road, id))?.['id'])
    expect(results.filter(({ result }) => result === 'accepted')).toEqual([{ result: 'accepted', id: own }])
    expect(results.filter(({ result }) => result !== 'accepted')).toEqual(
      Array.from({ length: 9 }, () => ({ result: 'exists', id: own })),
    )
    expect(own).not.toBe(id)
    expect(await road.sql`select 1 from message_secrets where message_id = ${own}`).toHaveLength(1)
    const later = { ...mail, ...content, ...rest, askedAt: '2020-01-01T00:00:00Z' }
    expect(await acceptForeign(sql, later, { ...more, offset: 10 })).toEqual({ result: 'exists', id: own })
    expect(await road.sql`select 1 from messages where to_address = 'again@example.com'`).toHaveLength(1)
  })

  test('that is given up is noted with the id that its producer knows', async () => {
    const id = randomUUID()
    await put([{ key: id, value: json(envelope({ id, to: '550@example.com' })) }])
    await untilStatus(road, id, 'dead')
    const [notice] = await notices(road, 1)
    expect(notice?.headers).toMatchObject({ 'producer-id': id, 'message-id': String((await row(road, id))?.['id']) })
  })

  test('that comes five times is sent once, also when it names no id', async () => {
    const value = json(envelope({ id: 'order-17', to: 'five@example.com' }))
    await put(Array.from({ length: 5 }, () => ({ value })))
    await put([{ value }])
    const after = await road.accept({ to: 'after@example.com' })
    await put([{ ...after.record }])
    await untilStatus(road, after.id, 'sent')
    await expect.poll(() => road.mailsTo('five@example.com'), patient).toHaveLength(1)
    expect(await road.sql`select 1 from messages where to_address = 'five@example.com'`).toHaveLength(1)
  })

  test('cannot change a message that exists: another mail under its id is kept aside, and is not lost without a word', async () => {
    const { id } = await road.accept({ to: 'owner@example.com', subject: 'Ours' })
    const theirs = randomUUID()
    await put([{ key: theirs, value: json(envelope({ id: theirs, to: 'first@example.com' })) }])
    await untilStatus(road, theirs, 'sent')
    const others = [
      envelope({ id, to: 'thief@example.com', subject: 'Ours' }),
      envelope({ id: theirs, to: 'second@example.com' }),
      envelope({ id: theirs, to: 'first@example.com', subject: 'Another' }),
    ]
    const offsets: number[] = []
    for (const other of others) offsets.push(await put([{ key: 'k', value: json(other) }]))
    const kept = async () =>
      (await deadRecords(road)).map((each) => [Number(each['offset']), String(each['reason'])] as const)
    await expect.poll(kept, patient).toEqual(offsets.map((offset) => [offset, 'id_taken']))
    expect(await row(road, id)).toMatchObject({ to_address: 'owner@example.com', subject: 'Ours', source: 'api' })
    expect(await row(road, theirs)).toMatchObject({ to_address: 'first@example.com' })
    for (const nobody of ['thief@example.com', 'second@example.com']) expect(await road.mailsTo(nobody)).toHaveLength(0)

    // The same mail again, unsigned, is a ring for it.
    await put([{ key: id, value: json(envelope({ id, to: 'Owner@example.com', subject: 'Ours' })) }])
    await untilStatus(road, id, 'sent')
    expect(await road.mailsTo('owner@example.com')).toHaveLength(1)
    expect(await deadRecords(road)).toHaveLength(others.length)
  })

  test('is not believed about its sender, its counts and its status, and its subject stays one line', async () => {
    const mail = envelope({
      from: 'ceo@bank.example',
      to: 'believe@example.com',
      subject: 'Hi\r\nBcc: x@example.com',
      retry_count: 9,
      max_retries: 99,
      status: 'sent',
      extra: [1],
    })
    const id = String(mail.message['id'])
    await put([{ value: json(mail) }])
    await untilStatus(road, id, 'sent')
    expect(await row(road, id)).toMatchObject({
      from_address: road.config.SMTP_USER,
      subject: 'Hi Bcc: x@example.com',
      retry_count: 0,
      max_retries: 5,
    })
    expect(JSON.stringify(await row(road, id))).not.toContain('bank.example')
    const own = envelope({ from: 'orders@usualstore.com', to: 'own@example.com', max_retries: 0 })
    await put([{ value: json(own) }])
    await untilStatus(road, String(own.message['id']), 'sent')
    expect(await row(road, String(own.message['id']))).toMatchObject({
      from_address: 'orders@usualstore.com',
      max_retries: 1,
    })
  })

  test('that carries a secret is sealed, and its secret is nowhere in Postgres once it is sent', async () => {
    const mail = envelope({ to: 'secret@example.com', data: { body: 'Your account\nPassword: canary-5521' } })
    const id = String(mail.message['id'])
    await put([{ value: json(mail) }])
    await untilStatus(road, id, 'sent')
    const [caught] = await road.mailsTo('secret@example.com')
    expect((await road.readMail(caught?.ID ?? '')).Text).toContain('canary-5521')
    expect(await row(road, id)).toMatchObject({ sensitive: true, data: { body: '[hidden]' } })
    const own = (await row(road, id))?.['id'] as string
    expect(await road.sql`select 1 from message_secrets where message_id = ${own}`).toHaveLength(0)
  })

  test('in a template that we do not have goes out as plain text', async () => {
    const mail = envelope({
      to: 'template@example.com',
      template: 'order-shipped',
      data: { body: 'It is on its way', order: 5 },
    })
    await put([{ value: json(mail) }])
    await untilStatus(road, String(mail.message['id']), 'sent')
    expect(await row(road, String(mail.message['id']))).toMatchObject({
      template: 'plain',
      data: { body: 'It is on its way' },
    })
  })
})

describe.each([
  ['quarantine', 1],
  ['reject', 0],
] as const)('FOREIGN_RECORDS=%s', (FOREIGN_RECORDS, kept) => {
  test(`a record of another producer is noted, kept ${kept} times, and not sent`, async () => {
    const { road, put } = await open({ FOREIGN_RECORDS })
    try {
      const mail = envelope({ to: 'nobody@example.com' })
      const offset = await put([{ key: 'theirs', value: json(mail) }])
      const [notice] = await notices(road, 1)
      expect(notice?.headers).toMatchObject({ 'dead-class': 'unsigned', 'original-offset': String(offset) })
      expect(await deadRecords(road)).toHaveLength(kept)
      expect(await road.sql`select 1 from messages`).toHaveLength(0)
    } finally {
      await road.close()
    }
  })
})
