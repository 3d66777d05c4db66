/**
 * How far a table of growing ids has been read. An id is given out before its transaction commits: one that was passed over
 * may still appear. So every id below the last that was not there is remembered, and looked for again.
 */
export type ReadSoFar = {
  last: number
  /** Id → when it was first missed (ms). */
  missing: ReadonlyMap<number, number>
}

/** Longer than any transaction of ours lives: what is still missing was rolled back. */
const lookForMs = 30_000
/** Ids are skipped by the thousand only by hand; a list of them must not grow without an end. */
const mostMissing = 2_000

export const beginAt = (last: number): ReadSoFar => ({ last, missing: new Map() })

/**
 * @param found the ids that were there now: those above `last`, and those of `missing`
 * @returns how far the table has been read with these
 */
export function readOn(before: ReadSoFar, found: readonly number[], nowMs: number): ReadSoFar {
  const seen = new Set(found)
  const last = Math.max(before.last, ...found)
  const missing = new Map([...before.missing].filter(([id, since]) => !seen.has(id) && nowMs - since < lookForMs))
  for (let id = Math.max(before.last + 1, last - mostMissing); id < last; id++)
    if (!seen.has(id)) missing.set(id, nowMs)
  return { last, missing: new Map([...missing].slice(-mostMissing)) }
}
