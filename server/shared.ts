/** What takes long is kept for so many times as long, so that it never takes more than a part of the database. */
const restFactor = 20
const longestMs = 10_000

/**
 * Asks once for all who ask at the same time, and keeps the answer for a moment: fifty open pages are one question.
 * A failure is not kept.
 */
export function shared<Key extends object, T>(keepMs: number, ask: (key: Key) => Promise<T>): (key: Key) => Promise<T> {
  const kept = new WeakMap<Key, { until: number; answer: Promise<T> }>()
  return (key) => {
    const known = kept.get(key)
    if (known && performance.now() < known.until) return known.answer
    const askedAt = performance.now()
    const answer = ask(key)
    // Until it is there nobody asks again; from then on it is kept.
    const entry = { until: Infinity, answer }
    kept.set(key, entry)
    void untilSettled(answer).then((isThere) => {
      const now = performance.now()
      if (isThere) entry.until = now + Math.max(keepMs, Math.min(restFactor * (now - askedAt), longestMs))
      else kept.delete(key)
      return isThere
    })
    return answer
  }
}

/** A failure is told to whoever asked. */
const untilSettled = (answer: Promise<unknown>): Promise<boolean> =>
  answer.then(
    () => true,
    () => false,
  )
