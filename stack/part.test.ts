import { expect, test } from 'vitest'

import { restartDelayMs } from './part'

test('the waits between two tries grow from 0.2 s to 5 s', () => {
  expect([0, 1, 2, 3, 4, 5, 50].map(restartDelayMs)).toEqual([200, 400, 800, 1600, 3200, 5000, 5000])
})
