import { setTimeout as delay } from 'node:timers/promises'

/** Far longer than the work takes on a machine that is not in trouble. */
const stepMs = 500

/** Ends only at whole steps of half a second: how long the work itself took, and so what it found, cannot be told from outside. */
export async function inEvenTime<T>(work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now()
  try {
    return await work()
  } finally {
    await delay(stepMs - ((performance.now() - startedAt) % stepMs))
  }
}
