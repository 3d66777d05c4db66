import { expect, test } from 'vitest'
import { utcWords } from './words'

test('an instant reads like a sentence, in UTC', () => {
  expect(utcWords('2026-11-23T14:02:59.999Z')).toBe('14:02 UTC on 23 Nov')
  expect(utcWords('2026-01-01T00:00:00Z')).toBe('00:00 UTC on 1 Jan')
})
