import { randomUUID } from 'node:crypto'
import type { EmailRecord } from '@/core/envelope'
import { LagReader } from '@/kafka/lag'
import { toKafkaRecord } from '@/kafka/record'
import { until } from '@/stack/until'
import type { Rig } from '../rig'
import type { Run, Scenario } from '../scenario'
import { produce, readTopics, rewindGroup, withTopicCodec, type NewRecord } from '../topics'

const kind = { brokers: 1 } as const

const ownRecords = async ({ rig, tag }: Run) =>
  (await readTopics(rig.config, rig.log, [rig.config.KAFKA_TOPIC])).filter(({ value }) => value?.includes(tag))

async function untilRead(rig: Rig, groupId: string): Promise<boolean> {
  const lag = new LagReader({ ...rig.config, KAFKA_GROUP_ID: groupId }, rig.log)
  try {
    return await until(async () => (await lag.read().catch(() => ({ total: 1 }))).total === 0, 90_000)
  } finally {
    await lag.close()
  }
}

export const repeatedRecords: Scenario = {
  id: 'F18',
  title: 'every record five times more, the offsets set back, a second group',
  kind,
  seconds: (isShort) => (isShort ? 14 : 50),
  async fault(run) {
    const { rig } = run
    const { KAFKA_TOPIC, KAFKA_GROUP_ID } = rig.config
    let copies = 0
    // While their mail is still on its way, and when all is sent.
    for (const share of [0.5, 1]) {
      await run.at(share)
      const records = await ownRecords(run)
      const again = Array.from({ length: share === 1 ? 4 : 1 }, () => records).flat()
      await produce(rig.config, rig.log, KAFKA_TOPIC, again)
      copies += again.length
    }
    const another = `another-${randomUUID()}`
    const worker = await rig.addWorker({ KAFKA_GROUP_ID: another })
    run.bar('the second group has read everything', await untilRead(rig, another), `group ${another}`)
    await rig.removeWorker(worker)
    await Promise.all(rig.workers.map((member) => member.stop('SIGTERM')))
    await rewindGroup(rig.config, rig.log)
    await Promise.all(rig.workers.map((member) => member.start()))
    run.bar('everything is read again from the beginning', await untilRead(rig, KAFKA_GROUP_ID), KAFKA_GROUP_ID)
    run.note('copies', `${copies}`)
    run.bar('records were repeated', copies > run.load.accepted.size, `${copies}`)
  },
  check(run, audit) {
    run.bar('not one message is even flagged', audit.flagged === 0, `${audit.flagged}`)
  },
}

const envelope = (id: string, to: string, more: Partial<EmailRecord['message']> = {}): EmailRecord => ({
  type: 'notification',
  message: {
    id,
    from: 'noreply@usualstore.com',
    to,
    subject: 'From another service',
    template: 'plain',
    data: { body: 'This is on its way from another service.' },
    priority: 'normal',
    timestamp: new Date().toISOString(),
    retry_count: 0,
    max_retries: 3,
    status: 'pending',
    ...more,
  },
})

type Bare = Omit<NewRecord, 'partition'>
const bare = (value: string | Buffer | null, headers: Record<string, string> = {}): Bare => ({
  key: Buffer.from(randomUUID()),
  value: value === null ? null : Buffer.from(value),
  headers,
})

/** Records that nobody can make a mail of. */
function poison({ rig, tag }: Run): Record<string, Bare> {
  const text = JSON.stringify(envelope(randomUUID(), `never@${tag}.example.com`))
  const signed = toKafkaRecord(
    rig.config.KAFKA_TOPIC,
    envelope(randomUUID(), `never@${tag}.example.com`),
    1,
    rig.config.SIGNING_KEYS,
  )
  const ofOurs = { ...signed, key: Buffer.from(signed.key) }
  return {
    'bad JSON': bare('{"type":"notification","message":{"id":'),
    empty: bare(''),
    'null value': bare(null),
    'NUL bytes': bare(Buffer.from([0, 0, 0, 1, 0])),
    'NUL in a text': bare(text.replace('another service.', String.raw`\u0000.`)),
    'not UTF-8': bare(Buffer.from([0x7b, 0xff, 0xfe, 0x22, 0x7d])),
    '5,000 braces': bare('{'.repeat(5_000)),
    '5,000 nested lists': bare('['.repeat(5_000) + ']'.repeat(5_000)),
    'wrong types': bare('{"type":5,"message":["id",null,{}]}'),
    __proto__: bare('{"__proto__":{"type":"notification"},"message":{"__proto__":{"to":"x"}}}'),
    'a megabyte': bare(`{"type":"notification","message":{"to":"${'x'.repeat(1_000_000)}"}}`),
    'bad address': bare(JSON.stringify(envelope(randomUUID(), `never@${tag}.example.com\r\nBcc: other@example.com`))),
    'wrong HMAC': bare(text, { ...signed.headers, signature: Buffer.alloc(32, 7).toString('base64') }),
    altered: { ...ofOurs, value: Buffer.from(signed.value.toString().replace('another', 'changed')) },
    'ours without a row': ofOurs,
    'NUL in a header': bare('{', { source: 'a\0b' }),
  }
}

const poisonWithinMs = 5_000

export const poisonedRecords: Scenario = {
  id: 'F20',
  title: 'records that cannot be read, and those of other producers in every codec',
  kind,
  seconds: (isShort) => (isShort ? 12 : 50),
  async fault(run) {
    const { rig, tag } = run
    const { config, log } = rig
    const put = (records: readonly NewRecord[], codec?: 'gzip' | 'snappy') =>
      produce(config, log, config.KAFKA_TOPIC, records, codec)
    await run.at(0.3)
    const from = Date.now()
    const corpus = Object.entries(poison(run))
    const partitions = run.isShort ? [0, 7] : [0, 3, 7, 11]
    const placed: { name: string; partition: number; offset: number; value: Buffer | null }[] = []
    for (const partition of partitions) {
      const offsets = await put(corpus.map(([, record]) => ({ ...record, partition })))
      for (const [at, [name, { value }]] of corpus.entries())
        placed.push({ name, partition, offset: offsets[at] ?? -1, value })
    }
    const others = new Map<string, string>()
    const foreign = (name: string, more: Partial<EmailRecord['message']> = {}): NewRecord => {
      const id = randomUUID()
      others.set(id, name)
      const value = Buffer.from(JSON.stringify(envelope(id, `${name.replaceAll(' ', '-')}@${tag}.example.com`, more)))
      return { partition: 0, key: Buffer.from(id), value }
    }
    await put([foreign('unsigned'), foreign('unknown template', { template: 'christmas' })])
    await put([foreign('gzip')], 'gzip')
    await put([foreign('snappy')], 'snappy')
    for (const codec of ['lz4', 'zstd'] as const) {
      await withTopicCodec(config, log, config.KAFKA_TOPIC, codec, async () => void (await put([foreign(codec)])))
    }
    const untilAt = Date.now()
    await run.at(1)

    // Sent under ids of ours, which are there once the records have been read.
    const ownIds = async () =>
      new Map(
        (
          await rig.sql<{ id: string; theirs: string }[]>`
            select id, producer_id as theirs from messages where producer_id = any(${[...others.keys()]}::uuid[])`
        ).map(({ id, theirs }) => [theirs, id]),
      )
    const copies = (id: string | undefined) => rig.smtp.accepted.filter((mail) => mail.id === id).length
    await until(async () => {
      const own = await ownIds()
      return [...others.keys()].every((id) => copies(own.get(id)) > 0)
    }, 30_000)
    const own = await ownIds()
    const missing = [...others]
      .map(([id, name]) => ({ name, count: copies(own.get(id)) }))
      .filter(({ count }) => count !== 1)
      .map(({ name, count }) => `${name}: ${count}`)
    run.bar(
      'mail of other producers is delivered once, in every codec',
      missing.length === 0,
      missing.join(', ') || `${others.size}`,
    )

    await judgeKept(run, placed)
    judgeDelay(run, from, untilAt)
  },
}

/** Each of them is in dead_records once, byte for byte, and noted on email-dlq once. */
async function judgeKept(
  run: Run,
  placed: readonly { name: string; partition: number; offset: number; value: Buffer | null }[],
): Promise<void> {
  const { rig } = run
  const { KAFKA_TOPIC, KAFKA_DLQ_TOPIC } = rig.config
  const kept = async (one: (typeof placed)[number]) => {
    const rows = await rig.sql<{ same: boolean }[]>`
      select coalesce(value, ''::bytea) = ${one.value ?? Buffer.alloc(0)} as same from dead_records
      where topic = ${KAFKA_TOPIC} and partition = ${one.partition} and "offset" = ${one.offset}`
    return rows.length === 1 && rows[0]?.same === true
  }
  const lost: string[] = []
  for (const one of placed) {
    if (!(await until(() => kept(one), 30_000))) lost.push(`${one.name} at ${one.partition}/${one.offset}`)
  }
  run.bar('each unreadable record is kept byte for byte', lost.length === 0, lost.join(', ') || `${placed.length}`)

  await until(async () => (await rig.sql`select 1 from outbox where kind = 'dead_record'`).length === 0, 30_000)
  const notices = new Map<string, number>()
  for (const { headers } of await readTopics(rig.config, rig.log, [KAFKA_DLQ_TOPIC])) {
    const place = `${String(headers['original-partition'])}/${String(headers['original-offset'])}`
    notices.set(place, (notices.get(place) ?? 0) + 1)
  }
  const wrong = placed.filter(({ partition, offset }) => notices.get(`${partition}/${offset}`) !== 1)
  const said = wrong.map(({ name, partition, offset }) => `${name}: ${notices.get(`${partition}/${offset}`) ?? 0}`)
  run.bar('each is noted on email-dlq once', wrong.length === 0, said.slice(0, 6).join(', ') || `${placed.length}`)
}

/** How long the good mail took that was asked for while the poison came. */
function judgeDelay({ rig, load, bar }: Run, from: number, untilAt: number): void {
  const arrivals = new Map(rig.smtp.accepted.map(({ id, at }) => [id, at]))
  const delays = load.answers
    .filter(({ id, at }) => id !== null && at >= from && at <= untilAt)
    .map(({ id, at, ms }) => (arrivals.get(id ?? '') ?? Number.POSITIVE_INFINITY) - at - ms)
  const slowest = Math.max(0, ...delays)
  bar(
    'good mail behind them is no more than 5 s late',
    delays.length > 0 && slowest <= poisonWithinMs,
    `${delays.length} mails, slowest ${(slowest / 1_000).toFixed(1)} s`,
  )
}
