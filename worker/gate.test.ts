import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Gate } from './gate'

test('never more than allowed run at once, in order, and one that fails makes room for the next', async () => {
  const gate = new Gate(3)
  const began: number[] = []
  let [running, most] = [0, 0]
  const works = Array.from({ length: 20 }, (_, number) =>
    gate.run(async () => {
      began.push(number)
      most = Math.max(most, ++running)
      await setImmediate()
      running--
      if (number % 4 === 0) throw new Error('It failed')
      return number
    }),
  )
  const results = await Promise.allSettled(works)
  expect(most).toBe(3)
  expect(began).toEqual([...began].toSorted((a, b) => a - b))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(15)
  expect(await gate.run(() => Promise.resolve('free again'))).toBe('free again')
})
