import { expect, it } from 'vitest'
import { countWords, exportWords } from './count-words'

const counts = { count: 19, is_exact: true, total: 1_004_312, total_is_estimate: true }

it('says an estimate as one, and no more figures than it is worth', () => {
  expect(countWords(counts, false)).toBe('about 1,000,000')
  expect(countWords({ ...counts, total: 98_765 }, false)).toBe('about 98,800')
  expect(countWords({ ...counts, total: 27, total_is_estimate: false }, false)).toBe('27')
})

it('says what a filter leaves, as far as it was counted', () => {
  expect(countWords(counts, true)).toBe('19 of about 1,000,000')
  expect(countWords({ ...counts, count: 1000, is_exact: false }, true)).toBe('more than 1,000 of about 1,000,000')
  expect(countWords({ ...counts, count: 3, is_exact: false }, true)).toBe('at least 3 of about 1,000,000')
})

it('promises a number of rows only when it knows it', () => {
  expect(exportWords(counts)).toBe('Export 19 as CSV')
  expect(exportWords({ count: 1000, is_exact: false })).toBe('Export as CSV')
})
