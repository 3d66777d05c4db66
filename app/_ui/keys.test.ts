import { expect, test } from 'vitest'
import { isPaletteKey, keyOf } from './keys'

const pressed = (key: string, code: string, more: Partial<Parameters<typeof keyOf>[0]> = {}) => ({
  key, code, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more,
}) // prettier-ignore

test('a key is the same on a keyboard of other letters', () => {
  expect(keyOf(pressed('j', 'KeyJ'))).toBe('j')
  expect(keyOf(pressed('о', 'KeyJ'))).toBe('j')
  expect(keyOf(pressed('.', 'Slash'))).toBe('.')
  expect(keyOf(pressed('ї', 'Slash'))).toBe('/')
  expect(keyOf(pressed('Ї', 'Slash', { shiftKey: true }))).toBe('?')
  expect(keyOf(pressed('Enter', 'Enter'))).toBe('Enter')
  // A French keyboard: what it says counts, not where it lies.
  expect(keyOf(pressed('/', 'Period', { shiftKey: true }))).toBe('/')
})

test('Ctrl-K or ⌘K, and nothing besides', () => {
  expect(isPaletteKey(pressed('k', 'KeyK', { ctrlKey: true }))).toBe(true)
  expect(isPaletteKey(pressed('л', 'KeyK', { metaKey: true }))).toBe(true)
  expect(isPaletteKey(pressed('k', 'KeyK'))).toBe(false)
  expect(isPaletteKey(pressed('K', 'KeyK', { ctrlKey: true, shiftKey: true }))).toBe(false)
})
