import { expect, it } from 'vitest'
import { holdsText } from './typed'

it.each([
  ['textarea', 'Called on Monday', true],
  ['email', 'ada@', true],
  ['password', 'secret', true],
  ['text', '  ', false],
  ['search', 'ada', false],
  ['checkbox', 'on', false],
  ['date', '2026-11-27', false],
])('a field of the type %s with %j: would be typed again: %s', (type, value, isTyped) => {
  expect(holdsText({ type, value })).toBe(isTyped)
})
