import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inEvenTime } from './even-time'

async function took(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await inEvenTime(work).catch(() => undefined)
  return performance.now() - startedAt
}

async function busyFor(ms: number): Promise<void> {
  const until = performance.now() + ms
  while (performance.now() < until) await turn()
}

test('quick, slow and failing work ends at a whole step', async () => {
  const spans = [
    await took(() => Promise.resolve()),
    await took(() => busyFor(200)),
    await took(() => Promise.reject(new Error('no'))),
  ]
  for (const ms of spans) expect(ms).toBeGreaterThan(490)
})

test('work of more than one step ends at the next one', async () => {
  expect(await took(() => busyFor(520))).toBeGreaterThan(990)
})

test('what the work came to is handed on', async () => {
  expect(await inEvenTime(() => Promise.resolve('done'))).toBe('done')
  await expect(inEvenTime(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})
