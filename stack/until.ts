import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again every 25 ms; false when the answer is still no after `timeoutMs`. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadline) return false
    await sleep(25)
  }
  return true
}
