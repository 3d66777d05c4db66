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

/** A reply of several lines, each of up to 512 octets (RFC 5321, 4.5.3.1.5), hardly says more. */
const longestReply = 2_000

/**
 * A mail server may say anything, and at any length. What Postgres cannot store would hold up every result that is recorded with
 * it, and no breaker could tell why it opens.
 */
export function storable(words: string): string {
  const some = words.length > longestReply ? `${words.slice(0, longestReply - 1)}…` : words
  return some.replaceAll('\0', '\ufffd').replace(/\p{Cs}/gu, '\ufffd')
}

/** JSON has no limit of depth, but what writes it again or compares it has: no request of ours nests nearly so far. */
export function isNestedTooDeeply(value: unknown, most = 100): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true
    level = level.flatMap((part) =>
      typeof part === 'object' && part !== null ? (Object.values(part) as unknown[]) : [],
    )
  }
  return false
}
