/** How much of the wait is left to chance, so that what failed together does not come back together. */
const spread = 0.2
const longestMs = 3_600_000

/**
 * The wait before the next try, in milliseconds: about 30 s, 2 min and 8 min with the standard base.
 * @param failedTries how many tries have failed, this one included (1 or more)
 * @param jitter a random number from 0 (inclusive) to 1 (exclusive)
 */
export function retryDelayMs(failedTries: number, baseMs: number, jitter: number): number {
  const wait = Math.min(baseMs * 4 ** (failedTries - 1), longestMs)
  return Math.round(wait * (1 - spread + 2 * spread * jitter))
}
