import { afterEach, expect, test, vi } from 'vitest'
import { createLog } from '@/runtime/log'
import { csvStream } from './csv-stream'

afterEach(() => vi.restoreAllMocks())

const log = createLog('test', 'silent')
const begin = (mayStill: () => Promise<boolean>) =>
  csvStream<number, number>(
    { log },
    {
      name: 'numbers',
      requestId: 'test-request',
      mayStill,
      heads: ['Number'],
      cellsOf: (number) => [number],
      readPage: (after = 0) => Promise.resolve({ rows: [after], goOnAfter: after + 1 }),
    },
  ).getReader()

test('it breaks off once whoever asked for it may not read it any more, however slowly they take it', async () => {
  let now = performance.now()
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const mayStill = vi.fn<() => Promise<boolean>>().mockResolvedValue(true)
  const reader = begin(mayStill)
  await reader.read()
  await reader.read()
  // Read at once: nobody is asked at every page.
  expect(mayStill).not.toHaveBeenCalled()
  now += 1_001
  expect((await reader.read()).done).toBe(false)
  expect(mayStill).toHaveBeenCalledTimes(1)
  now += 1_001
  mayStill.mockResolvedValue(false)
  await expect(reader.read()).rejects.toThrow('may not read it any more')
})

test('it is not held open for ever', async () => {
  let now = performance.now()
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const reader = begin(() => Promise.resolve(true))
  await reader.read()
  now += 30 * 60_000 + 1
  await expect(reader.read()).rejects.toThrow('longer than half an hour')
})
