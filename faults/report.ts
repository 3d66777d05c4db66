import type { Result } from './run'

const seconds = (ms: number | null) => (ms === null ? '' : `${(ms / 1_000).toFixed(1)} s`)
const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const mark = (result: Result) => (result.passed ? '✓' : '✗')

/** One line for each run, as soon as it is over; what was not met follows it. */
export function lineOf(result: Result): string {
  const { figures, notes } = result
  const parts = [
    `accepted ${figures.accepted}`,
    `sent ${figures.sent}`,
    `dead ${figures.dead}`,
    `lost ${figures.lost}`,
    `duplicates ${figures.flagged} flagged, ${figures.unflagged} unflagged`,
    `not accepted ${figures.refused}`,
    `accept p50 ${Math.round(figures.acceptP50)} ms, p99 ${Math.round(figures.acceptP99)} ms`,
    ...(figures.resumeMs === null ? [] : [`flows again after ${seconds(figures.resumeMs)}`]),
    `drained in ${seconds(figures.drainMs)}`,
    ...Object.entries(notes).map(([name, figure]) => `${name} ${figure}`),
  ]
  const unmet = result.bars.filter(({ isMet }) => !isMet).map(({ name, figure }) => `    not met: ${name} (${figure})`)
  const head = `${mark(result)} ${result.id} seed ${result.seed} (${result.seconds.toFixed(0)} s) ${result.title}`
  return [head, `    ${parts.join(' · ')}`, ...unmet].join('\n')
}

/** One row for each scenario, the worst of its seeds, in Markdown. */
export function tableOf(results: readonly Result[]): string {
  const head = [
    '',
    'fault',
    'seeds',
    'accepted',
    'sent',
    'dead',
    'lost',
    'duplicates flagged',
    'unflagged',
    'not accepted',
    'accept p50',
    'accept p99',
    'flows again',
    'drained',
    '',
  ]
  const rows = [...byScenario(results)].map(([id, runs]) => {
    const sum = (figure: (result: Result) => number) => String(runs.reduce((total, run) => total + figure(run), 0))
    const most = (figure: (result: Result) => number | null) => {
      const known = runs.map(figure).filter((value) => value !== null)
      return known.length === 0 ? null : Math.max(...known)
    }
    return [
      id,
      runs[0]?.title ?? '',
      String(runs.length),
      sum(({ figures }) => figures.accepted),
      sum(({ figures }) => figures.sent),
      sum(({ figures }) => figures.dead),
      sum(({ figures }) => figures.lost),
      sum(({ figures }) => figures.flagged),
      sum(({ figures }) => figures.unflagged),
      sum(({ figures }) => figures.refused),
      `${Math.round(most(({ figures }) => figures.acceptP50) ?? 0)} ms`,
      `${Math.round(most(({ figures }) => figures.acceptP99) ?? 0)} ms`,
      seconds(most(({ figures }) => figures.resumeMs)),
      seconds(most(({ figures }) => figures.drainMs)),
      runs.every(({ passed }) => passed) ? '✓' : '✗',
    ]
  })
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function byScenario(results: readonly Result[]): Map<string, Result[]> {
  const groups = new Map<string, Result[]>()
  for (const result of results) groups.set(result.id, [...(groups.get(result.id) ?? []), result])
  return groups
}
