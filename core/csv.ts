/**
 * A cell that begins like a formula would be one in a spreadsheet: `=HYPERLINK(…)` in somebody's name. An apostrophe in front
 * makes it text. The wide forms of the signs count too, and so does what stands behind blanks, which some programs pass over.
 */
const formula = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u

/** One cell after RFC 4180, always in quotes: then no comma, quote or line break of its text ends it. */
export function csvCell(value: string | number | null | undefined): string {
  const text = String(value ?? '')
  return `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
}

/** One line with its end. */
export const csvLine = (cells: readonly (string | number | null | undefined)[]): string =>
  `${cells.map(csvCell).join(',')}\r\n`

/** In front of a file: spreadsheets take what follows for UTF-8. */
export const csvBegin = '\uFEFF'
