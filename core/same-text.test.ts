import { expect, test } from 'vitest'
import { sameText } from './same-text'

test('the order of fields makes no difference, at any depth; the order of a list does', () => {
  expect(sameText({ b: [{ d: 1, c: null }], a: 'x' })).toBe(sameText({ a: 'x', b: [{ c: null, d: 1 }] }))
  expect(sameText([1, 2])).not.toBe(sameText([2, 1]))
})

test('different values make different texts', () => {
  const texts = [{}, { a: 1 }, { a: '1' }, { a: null }, { a: [1] }, 'a', 1, null, [], undefined].map(sameText)
  expect(new Set(texts).size).toBe(texts.length)
})
