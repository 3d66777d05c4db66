/** `1,004,000` */
const number = (value: number): string => value.toLocaleString('en-GB')

/** An estimate is said with three figures at most: more would look like knowledge. */
function about(value: number): string {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 2)
  return `about ${number(Math.round(value / step) * step)}`
}

type Counts = { count: number; is_exact: boolean; total: number; total_is_estimate: boolean }

/** Beside the heading of a list: `19 of about 1,000,000`, `more than 1,000 of about 1,000,000`, `27`. */
export function countWords({ count, is_exact, total, total_is_estimate }: Counts, isFiltered: boolean): string {
  const all = total_is_estimate ? about(total) : number(total)
  if (!isFiltered) return all
  if (is_exact) return `${number(count)} of ${all}`
  return `${count >= 1000 ? 'more than' : 'at least'} ${number(count)} of ${all}`
}

/** How many an export would write; without a number where that is not known. */
export const exportWords = ({ count, is_exact }: Pick<Counts, 'count' | 'is_exact'>): string =>
  is_exact && count > 0 ? `Export ${number(count)} as CSV` : 'Export as CSV'
