import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { sampleOf, slopeOf, type Sample } from './memory'
import { lineOf } from './report'
import { Rig } from './rig'
import { runScenario } from './run'
import type { Run, Scenario } from './scenario'
import { killWorkers } from './strike'

/**
 * `npm run test:soak`: half an hour of mail at 5/s with a fault each minute, and what memory does meanwhile. The web process
 * and two workers live from beginning to end; only the third worker is ever killed, so that there is something to measure.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
})
const minutes = Number(values.minutes)
const perSecond = Number(values.rate)
const sampleEveryMs = 10_000
/** At 5 mails a second a leak of 2 kB a mail would be 36 MB an hour; what is less cannot be told from the collector's moods in half an hour. */
const mostMbAnHour = 36
const mostNewFds = 20

const say = (line: string) => void process.stdout.write(`${line}\n`)

const faults: Record<string, (run: Run) => Promise<void>> = {
  'a worker is killed': async (run) => {
    await killWorkers(run, run.rig.workers.slice(2, 3))
  },
  'Kafka restarts': async ({ rig }) => {
    await rig.brokers[0]?.kept.crash('SIGTERM')
  },
  'Postgres restarts': async (run) => {
    run.mayDuplicate(run.rig.workers.length * 20)
    await run.rig.postgres.crash('SIGINT')
  },
  'the mail server is away for 10 s': async ({ rig }) => {
    await rig.smtp.die()
    await sleep(10_000)
    await rig.smtp.listen()
  },
  'the mail server puts everybody off for 10 s': async ({ rig }) => {
    rig.smtp.script = ({ moment }) =>
      moment === 'rcpt' ? { kind: 'reply', code: 451, text: '4.3.0 later' } : { kind: 'go_on' }
    await sleep(10_000)
    rig.smtp.behave()
  },
}

const scenario: Scenario = {
  id: 'SOAK',
  title: `${minutes} minutes at ${perSecond} mails a second, a fault each minute`,
  kind: { brokers: 1 },
  seconds: () => minutes * 60,
  mayRefuse: true,
  allowedDead: ['tries_used_up'],
  drainSeconds: 150,
  async fault(run) {
    const names = Object.keys(faults)
    // Nothing in the first minute, nothing in the last.
    for (let minute = 1; minute < minutes - 1; minute++) {
      await run.at(minute / minutes)
      const name = names[Math.floor(run.random() * names.length)] ?? ''
      say(`    minute ${minute}: ${name}`)
      await faults[name]?.(run)
    }
  },
}

async function main(): Promise<void> {
  const rig = await Rig.open(scenario.kind, say)
  /** By name, then by process: what one held says nothing of the one that was started after it. */
  const samples = new Map<string, Map<number, Sample[]>>()
  const began = performance.now()
  const watched = () => [...rig.webs.map(({ kept }) => kept), ...rig.workers.slice(0, 2)]
  const before = watched().map((kept) => kept.starts)
  const timer = setInterval(() => {
    for (const { name, pid } of watched()) {
      const sample = pid > 0 ? sampleOf(pid, performance.now() - began) : null
      if (!sample) continue
      const lives = samples.get(name) ?? new Map<number, Sample[]>()
      samples.set(name, lives.set(pid, [...(lives.get(pid) ?? []), sample]))
    }
  }, sampleEveryMs)
  try {
    const canary = `CANARY${randomBytes(8).toString('hex')}`
    const result = await runScenario(scenario, rig, {
      mails: Math.round(minutes * 60 * perSecond),
      perSecond,
      seed: Number(values.seed),
      isShort: false,
      isFull: false,
      canary,
    })
    clearInterval(timer)
    say(lineOf(result))
    const isSteady = [...samples].map(([name, lives]) => report(name, longest([...lives.values()])))
    const died = watched().filter((kept, at) => kept.starts !== before[at])
    const isExpected = died.map(({ name }) => reportEnd(rig, name))
    const isOk = result.passed && isSteady.every(Boolean) && isExpected.every(Boolean)
    say(isOk ? '1 passed, 0 failed' : '0 passed, 1 failed')
    process.exitCode = isOk ? 0 : 1
  } finally {
    clearInterval(timer)
    await rig.close(false)
  }
}

/** A worker ends when kafkajs gives its consumer up, as it may while Kafka restarts (RELIABILITY K11); nothing else is expected to. */
function reportEnd(rig: Rig, name: string): boolean {
  const lines = readFileSync(join(rig.folder, 'logs', `${name}.log`), 'utf8').split('\n')
  const last = lines.findLast((line) => line.includes('"level":"fatal"')) ?? 'without a word'
  const isExpected = last.includes('The consumer cannot go on')
  say(`    ${isExpected ? '✓' : '✗'} ${name} ended by itself and was started again: ${last.slice(0, 240)}`)
  return isExpected
}

const longest = (lives: readonly Sample[][]) => lives.toSorted((a, b) => b.length - a.length)[0] ?? []

function report(name: string, all: readonly Sample[]): boolean {
  const slope = slopeOf(all)
  const lived = ((all.at(-1)?.atMs ?? 0) - (all[0]?.atMs ?? 0)) / 60_000
  const [first, last] = [all[Math.floor(all.length / 3)], all.at(-1)]
  const newFds = (last?.fds ?? 0) - (first?.fds ?? 0)
  const isSteady = slope <= mostMbAnHour && newFds <= mostNewFds
  say(
    `    ${isSteady ? '✓' : '✗'} ${name}: ${slope.toFixed(1)} MB an hour (at most ${mostMbAnHour}), from ${first?.rssMb.toFixed(0)} to ${last?.rssMb.toFixed(0)} MB in ${lived.toFixed(0)} min; ${first?.fds} to ${last?.fds} open files`,
  )
  return isSteady
}

await main()
