import { readdirSync, readFileSync } from 'node:fs'

export type Sample = { atMs: number; rssMb: number; fds: number }

/** What the system says of a process (Linux): the memory that it holds, and its open files; null when it is gone. */
export function sampleOf(pid: number, atMs: number): Sample | null {
  try {
    const rssKb = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
    return { atMs, rssMb: rssKb / 1_024, fds: readdirSync(`/proc/${pid}/fd`).length }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * How much memory a process gains in an hour, in MB: least squares over the last two thirds, so that warming up does not
 * count, and over the least of each minute, so that the sawtooth of the garbage collector does not.
 */
export function slopeOf(samples: readonly Sample[]): number {
  const first = samples[0]?.atMs ?? 0
  const span = (samples.at(-1)?.atMs ?? 0) - first
  const least = new Map<number, number>()
  for (const { atMs, rssMb } of samples) {
    if (atMs - first < span / 3) continue
    const minute = Math.floor(atMs / 60_000)
    least.set(minute, Math.min(rssMb, least.get(minute) ?? Number.POSITIVE_INFINITY))
  }
  const points = [...least]
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, mb]) => mb))]
  const rise = points.reduce((sum, [at, mb]) => sum + (at - x) * (mb - y), 0)
  const run = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0)
  return run === 0 ? Number.NaN : (rise / run) * 60
}
