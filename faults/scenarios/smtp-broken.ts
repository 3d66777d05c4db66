import { setTimeout as sleep } from 'node:timers/promises'
import { goOn, type Act } from '@/stack/scripted-smtp'
import { until } from '@/stack/until'
import type { Rig } from '../rig'
import type { Run, Scenario } from '../scenario'
import { proxied } from '../strike'

const stages = ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'dot'] as const
type Stage = (typeof stages)[number]

const recoveryMs = 30_000
/**
 * Each worker counts to three mails for itself, until the first of them has told the others; and a mail that fails on a kept
 * connection is tried on a new one before it counts.
 */
const mailsToOpen = 3
const resetsOfOneMail = 2

type Break = {
  name: string
  /** The mail may have left before the fault shows: such a mail is flagged, and its try counts. */
  isAfterDot: boolean
  begin: (rig: Rig, seen: () => void) => Promise<void> | void
  end: (rig: Rig) => Promise<void> | void
}

const refused: Break = {
  name: 'refused',
  isAfterDot: false,
  begin: (rig) => rig.smtp.die(),
  end: (rig) => rig.smtp.listen(),
}

const slow: Break = {
  name: '1 byte a second',
  isAfterDot: true,
  begin: (rig) => rig.proxies.smtp.set({ kind: 'throttle', bytesPerSecond: 1 }),
  end: (rig) => rig.proxies.smtp.set({ kind: 'pass' }),
}

const scripted = (act: Act & { kind: 'hang' | 'reset' }, stage: Stage): Break => ({
  name: `${act.kind} at ${stage}`,
  isAfterDot: stage === 'dot',
  async begin(rig, seen) {
    rig.smtp.script = ({ moment }) => {
      if (moment !== stage) return goOn
      seen()
      return act
    }
    // Kept connections are past these stages, and would go on working.
    if (stage !== 'connect' && stage !== 'ehlo') return
    await rig.proxies.smtp.set({ kind: 'reset' })
    await rig.proxies.smtp.set({ kind: 'pass' })
  },
  end: (rig) => rig.smtp.behave(),
})

/** All stages over three seeds: each takes the server away, and a third of the hangs and of the resets. */
function breaksOf({ seed, isFull }: Run): Break[] {
  const mine = stages.filter((_, at) => isFull || at % 3 === (seed - 1) % 3)
  return [
    refused,
    ...mine.map((stage) => scripted({ kind: 'reset' }, stage)),
    ...mine.map((stage) => scripted({ kind: 'hang' }, stage)),
    ...(isFull || seed % 3 === 0 ? [slow] : []),
  ]
}

export const smtpBroken: Scenario = {
  id: 'F15',
  title: 'the mail server refuses, hangs and resets at each stage, crawls',
  kind: proxied,
  seconds: (_, isFull) => (isFull ? 400 : 75),
  // In doubt twice: parked for a person, as promised.
  allowedDead: ['ambiguous'],
  drainSeconds: 180,
  async fault(run) {
    await run.at(0.05)
    for (const one of breaksOf(run)) await breakOnce(run, one)
    const [row] = await run.rig.sql<{ dead: number }[]>`
      select count(*)::int as dead from messages where to_address like ${`%@${run.tag}.example.com`} and status = 'dead'`
    if (row && row.dead > 0) run.note('parked in doubt', String(row.dead))
  },
}

async function breakOnce(run: Run, one: Break): Promise<void> {
  const { rig } = run
  const triesBefore = await triesBurned(run)
  const errors: number[] = []
  const began = Date.now()
  await one.begin(rig, () => errors.push(Date.now()))
  // Slots fill up and the first sends give up: 30 s for an envelope that hangs.
  const isOpen = await until(async () => (await stateOf(rig)) !== 'closed', 40_000)
  const openedMs = Date.now() - began
  run.bar(`${one.name}: the breaker opens`, isOpen, `after ${(openedMs / 1_000).toFixed(1)} s`)
  const errorsBefore = errors.filter((at) => at < began + openedMs).length
  if (one.name.startsWith('reset')) {
    const most = mailsToOpen * resetsOfOneMail * rig.workers.length
    run.bar(
      `${one.name}: after ${mailsToOpen} mails a worker`,
      errorsBefore <= most,
      `${errorsBefore} resets of ${most}`,
    )
  }
  await sleep(3_000)
  if (!one.isAfterDot) {
    const burned = (await triesBurned(run)) - triesBefore
    run.bar(`${one.name}: no try is burned`, burned === 0, `${burned} burned`)
  }
  await one.end(rig)
  await run.mustFlowAgain(`after "${one.name}"`, recoveryMs)
  await until(async () => (await stateOf(rig)) === 'closed', recoveryMs)
}

async function stateOf(rig: Rig): Promise<string> {
  const [row] = await rig.sql<{ state: string }[]>`select state from breakers where route = 'primary'`
  return row?.state ?? 'closed'
}

async function triesBurned({ rig, tag }: Run): Promise<number> {
  const [row] = await rig.sql<{ tries: number }[]>`
    select coalesce(sum(retry_count), 0)::int as tries from messages where to_address like ${`%@${tag}.example.com`}`
  return row?.tries ?? 0
}
