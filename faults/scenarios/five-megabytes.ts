import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ConfigResourceTypes, createKafka } from '@/kafka/client'
import { until } from '@/stack/until'
import type { Run, Scenario } from '../scenario'

const bytes = 5_000_000
const memoryBar = 400

export const fiveMegabytes: Scenario = {
  id: 'F21',
  title: '5 MB by the API, and straight on the topic',
  kind: { brokers: 1 },
  seconds: () => 25,
  async fault(run) {
    await run.at(0.2)
    await postBig(run)
    const restore = await raiseLimit(run)
    try {
      await produceBig(run)
    } finally {
      await restore()
    }
  },
  check(run) {
    const { rig } = run
    const all = [...rig.workers, ...rig.webs.map(({ kept }) => kept)]
    const peaks = all.map((kept) => ({ name: kept.name, mb: peakOf(kept.pid) }))
    const most = peaks.toSorted((a, b) => b.mb - a.mb)[0]
    run.bar(
      `no process ever took ${memoryBar} MB`,
      most !== undefined && most.mb < memoryBar,
      `${most?.name} ${most?.mb} MB`,
    )
  },
}

async function postBig({ rig, tag, bar }: Run): Promise<void> {
  const body = JSON.stringify({ to: `big@${tag}.example.com`, subject: 'Big', message: 'x'.repeat(bytes) })
  const ask = async (): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${rig.webPort()}/api/messaging/send`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.apiKey}`, 'content-type': 'application/json' },
      body,
    })
    await answer.body?.cancel()
    return String(answer.status)
  }
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => ask().catch((error: unknown) => (error instanceof Error ? error.message : '?'))),
  )
  bar(
    'the API answers 413',
    answers.every((answer) => answer === '413'),
    [...new Set(answers)].join(', '),
  )
}

/** As if somebody had set up the topic for bigger records than we know of. @returns what puts it back */
async function raiseLimit({ rig }: Run): Promise<() => Promise<void>> {
  const admin = createKafka(rig.config, 'faults-limit', rig.log).admin()
  await admin.connect()
  const about = { type: ConfigResourceTypes.TOPIC, name: rig.config.KAFKA_TOPIC }
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [about] })
  const entries = (resources[0]?.configEntries ?? [])
    // What was set on the topic itself; left out of a change it would go back to the broker's standard.
    .filter(({ isDefault }) => !isDefault)
    .map(({ configName, configValue }) => ({ name: configName, value: configValue }))
  const set = async (limit: string | undefined) => {
    const others = entries.filter(({ name }) => name !== 'max.message.bytes')
    const own = limit === undefined ? [] : [{ name: 'max.message.bytes', value: limit }]
    await admin.alterConfigs({ validateOnly: false, resources: [{ ...about, configEntries: [...others, ...own] }] })
  }
  await set('20000000')
  return async () => {
    await set(entries.find(({ name }) => name === 'max.message.bytes')?.value)
    await admin.disconnect()
  }
}

/** Noise that cannot be read, and an envelope like ours with a body of 5 MB. */
async function produceBig(run: Run): Promise<void> {
  const { rig, tag } = run
  const producer = createKafka(rig.config, 'faults-big', rig.log).producer({ allowAutoTopicCreation: false })
  const envelope = {
    type: 'notification',
    message: {
      id: randomUUID(),
      from: 'noreply@usualstore.com',
      to: `big@${tag}.example.com`,
      subject: 'Big',
      template: 'plain',
      data: { body: 'y'.repeat(bytes) },
      priority: 'normal',
      timestamp: new Date().toISOString(),
      retry_count: 0,
      max_retries: 3,
      status: 'pending',
    },
  }
  const big = [randomBytes(bytes), Buffer.from(JSON.stringify(envelope)), randomBytes(bytes)]
  const keys = big.map(() => `big-${randomUUID()}`)
  await producer.connect()
  try {
    for (const [at, value] of big.entries()) {
      await producer.send({ topic: rig.config.KAFKA_TOPIC, acks: -1, messages: [{ key: keys[at] ?? '', value }] })
    }
  } finally {
    await producer.disconnect()
  }
  const began = performance.now()
  const kept = async () => {
    const [row] = await rig.sql<{ count: number }[]>`
      select count(*)::int as count from dead_records where encode(key, 'escape') = any(${keys}::text[])`
    return row?.count ?? 0
  }
  const isKept = await until(async () => (await kept()) === big.length, 30_000)
  run.bar(
    'each is kept as a dead record within 30 s',
    isKept,
    `${await kept()} of ${big.length} after ${((performance.now() - began) / 1_000).toFixed(1)} s`,
  )
}

/** The most memory that it ever had resident, in MB. */
function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1_024)
}
