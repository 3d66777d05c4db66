import { expect, test } from 'vitest'
import { inertText } from './inert-text'

const text = (value: string | number[], most = 500) =>
  inertText(typeof value === 'string' ? new TextEncoder().encode(value) : Uint8Array.from(value), most)

test('plain text stays as it is, in any script', () => {
  for (const plain of ['{"id": 1}', 'Zoë Олена 林 علي 👩', '<script>alert(1)</script>', ''])
    expect(text(plain)).toBe(plain)
})

test.each([
  ['NUL', 'a\0b'],
  ['a line break', 'a\nb'],
  ['an escape sequence', 'a\u001B'],
  ['a change of direction', 'a\u202Eb'],
  ['a zero-width space', 'a\u200Bb'],
  ['a byte order mark', '\uFEFFb'],
  ['bytes that are no text', [97, 0xff, 98]],
])('%s does nothing', (_, value) => {
  expect(text(value)).toMatch(/^a?\uFFFD(b|)$/)
})

test('it is cut between characters', () => {
  expect(text('👩👩👩', 2)).toBe('👩👩')
  expect(text('x'.repeat(2000))).toBe('x'.repeat(500))
})
