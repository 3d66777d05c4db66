/** What is left of a limit. */
export type Quota = {
  /** Whether this request still fits. */
  isAllowed: boolean
  limit: number
  windowSeconds: number
  remaining: number
  /** Until all of it is there again. */
  resetSeconds: number
  /** Until one more fits; 0 when one does already. */
  retryAfterSeconds: number
}

/** @param bucket.tokens what the bucket holds after this request, broken parts included */
export function quotaOf(bucket: { limit: number; windowSeconds: number; tokens: number; taken: boolean }): Quota {
  const { limit, windowSeconds, tokens, taken } = bucket
  const secondsFor = (missing: number) => Math.max(0, Math.ceil((missing * windowSeconds) / limit))
  return {
    isAllowed: taken,
    limit,
    windowSeconds,
    remaining: Math.max(0, Math.floor(tokens)),
    resetSeconds: secondsFor(limit - tokens),
    retryAfterSeconds: taken ? 0 : Math.max(1, secondsFor(1 - tokens)),
  }
}

/** As the drafts of the IETF had them until 2022, and as most clients read them (draft-ietf-httpapi-ratelimit-headers-06). */
export const quotaHeaders = ({ limit, windowSeconds, remaining, resetSeconds }: Quota): Record<string, string> => ({
  'RateLimit-Limit': String(limit),
  'RateLimit-Remaining': String(remaining),
  'RateLimit-Reset': String(resetSeconds),
  'RateLimit-Policy': `${limit};w=${windowSeconds}`,
})
