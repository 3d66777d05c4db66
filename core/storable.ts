/** Postgres stores no NUL, and no half of a character: refused here, wherever it stands. */
export function isStorable(value: unknown): boolean {
  const rest: unknown[] = [value]
  while (rest.length > 0) {
    const next = rest.pop()
    if (typeof next === 'string') {
      if (/\0|\p{Surrogate}/u.test(next)) return false
    } else if (typeof next === 'object' && next !== null) {
      rest.push(...Object.keys(next), ...(Object.values(next) as unknown[]))
    }
  }
  return true
}
