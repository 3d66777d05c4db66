import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { StackFault } from '@/stack/fault'
import { findInDatabase, findInLogs, findInTopics } from './canary'
import { lineOf, tableOf } from './report'
import { Rig, type RigKind } from './rig'
import { randomFrom } from './random'
import { loadOf, nothing, runScenario, type Result } from './run'
import type { Scenario } from './scenario'
import { scenarios } from './scenarios'

/** Those that `npm test` runs, with 250 mails each and one seed: at most 8 minutes. */
const subset = ['F1', 'F2', 'F4', 'F6', 'F7', 'F11', 'F14', 'F16', 'F18', 'F20', 'F23']

const usage = `usage: npm run test:faults -- [--only F1,F7] [--seed N | --seeds 3] [--mails 1500] [--rate 30]
                           [--subset] [--full] [--report file.json] [--markdown file.md] [--keep]`

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    mails: { type: 'string' },
    rate: { type: 'string', default: '30' },
    subset: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    report: { type: 'string' },
    markdown: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const say = (line: string) => void process.stdout.write(`${line}\n`)
const results: Result[] = []
let rig: Rig | null = null

const secretsId = 'F24'
const searches: { rig: string; leaks: string[] }[] = []

/** In every secret of this whole run; nowhere else may it ever be read. */
const canary = `CANARY${randomBytes(8).toString('hex')}`

async function main(): Promise<void> {
  const wanted = values.only?.split(',').map((id) => id.trim().toUpperCase()) ?? (values.subset ? subset : null)
  const known = [...scenarios.map(({ id }) => id), secretsId]
  const unknown = wanted?.filter((id) => !known.includes(id)) ?? []
  if (values.help || unknown.length > 0) {
    say(unknown.length > 0 ? `There is no ${unknown.join(', ')}.\n${usage}` : usage)
    process.exit(unknown.length > 0 ? 2 : 0)
  }
  const seeds = values.seed
    ? [Number(values.seed)]
    : Array.from({ length: values.subset ? 1 : Number(values.seeds) }, (_, at) => at + 1)
  // F24 is looked for in whatever else runs.
  const isOnlySecrets = wanted?.every((id) => id === secretsId) ?? false
  const all = scenarios.filter(({ id }) => !wanted || wanted.includes(id) || (isOnlySecrets && id === 'F0'))
  const impossible = all.filter(({ notPossible }) => notPossible !== undefined)
  for (const { id, title, notPossible } of impossible) say(`– ${id} ${title}: not possible here: ${notPossible}`)
  const chosen = all.filter((scenario) => !impossible.includes(scenario))
  for (const group of byRig(chosen, seeds)) await runGroup(group)
  const secrets = secretsResult()
  results.push(secrets)
  say(lineOf(secrets))
  say(`\n${tableOf(results)}\n`)
  write(values.report, JSON.stringify(countsOf(results), null, 2))
  write(values.markdown, tableOf(results))
  const failed = results.filter(({ passed }) => !passed).length
  const skipped = impossible.length > 0 ? `, not possible here: ${impossible.map(({ id }) => id).join(', ')}` : ''
  say(`${results.length - failed} passed, ${failed} failed${skipped}`)
  process.exitCode = failed === 0 ? 0 : 1
}

type Group = { kind: RigKind; runs: { scenario: Scenario; seed: number }[] }

/** Runs that may share a rig, one after the other. */
function byRig(chosen: readonly Scenario[], seeds: readonly number[]): Group[] {
  const groups = new Map<string, Group>()
  for (const scenario of chosen) {
    for (const seed of seeds) {
      const name = JSON.stringify(scenario.ownRig ? [scenario.id, seed] : scenario.kind)
      const group = groups.get(name) ?? { kind: scenario.kind, runs: [] }
      groups.set(name, group)
      group.runs.push({ scenario, seed })
    }
  }
  return [...groups.values()]
}

async function runGroup(group: Group): Promise<void> {
  const began = performance.now()
  const open = await Rig.open(group.kind, say)
  rig = open
  say(
    `── rig: ${group.kind.brokers} broker${group.kind.brokers > 1 ? 's' : ''}, 3 workers, up after ${((performance.now() - began) / 1_000).toFixed(1)} s`,
  )
  let failed = false
  try {
    await warmUp(open)
    for (const { scenario, seed } of group.runs) {
      const result = await runScenario(scenario, open, {
        mails: Number(values.mails ?? (values.subset ? 250 : 1_500)),
        perSecond: Number(values.rate),
        seed,
        isShort: values.subset,
        isFull: values.full,
        canary,
      })
      results.push(result)
      failed ||= !result.passed
      say(lineOf(result))
    }
    const leaks = await leaksOf(open)
    failed ||= leaks.length > 0
    searches.push({ rig: JSON.stringify(group.kind), leaks })
  } finally {
    if (failed && values.keep) say(`    its logs stay in ${open.folder}`)
    rig = null
    await open.close(failed && values.keep)
  }
}

/** A web process that has just started compiles while it answers; no fault shall be blamed for that. */
async function warmUp(open: Rig): Promise<void> {
  const load = loadOf(open, { tag: 'warm', canary, random: randomFrom(0) })
  await load.run({ mails: 120, perSecond: 20 })
  await load.close()
}

/** F24: what was found of the secrets in each rig, when all its runs were over. The database is searched within each run too. */
function secretsResult(): Result {
  const leaks = searches.flatMap(({ leaks }) => leaks)
  const accepted = results.reduce((sum, { figures }) => sum + figures.accepted, 0)
  return {
    id: secretsId,
    title: 'no secret in any table, topic or log, after all the others',
    seed: 0,
    seconds: 0,
    figures: { ...nothing, accepted, sent: results.reduce((sum, { figures }) => sum + figures.sent, 0) },
    notes: { rigs: String(searches.length) },
    bars: searches.map((search) => ({
      name: `no secret of the rig ${search.rig}`,
      isMet: search.leaks.length === 0,
      figure: search.leaks.join(', ') || 'none',
    })),
    passed: searches.length > 0 && leaks.length === 0,
  }
}

/** Where a secret of this run can be read. Looks for an ordinary word first: a search that finds nothing at all proves nothing. */
async function leaksOf(open: Rig): Promise<string[]> {
  const ordinary = 'is on its way'
  const seen = [...(await findInDatabase(open, ordinary)), ...(await findInTopics(open, ordinary))]
  if (!seen.includes('public.messages') || !seen.includes(open.config.KAFKA_TOPIC)) {
    return ['nowhere, but the search for an ordinary word found nothing either']
  }
  return [
    ...(await findInDatabase(open, canary)),
    ...(await findInTopics(open, canary)),
    ...(await findInLogs(open, canary)),
  ]
}

/** In the form that stack/check.mjs counts. */
const countsOf = (all: readonly Result[]) => ({
  passed: all.filter(({ passed }) => passed).length,
  failed: all.filter(({ passed }) => !passed).length,
  results: all,
})

function write(file: string | undefined, content: string): void {
  if (!file) return
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${content}\n`)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    void (rig?.close(false) ?? Promise.resolve()).finally(() => process.exit(130))
  })
}

try {
  await main()
} catch (error) {
  if (!(error instanceof StackFault)) throw error
  say(error.message)
  process.exitCode = 1
}
