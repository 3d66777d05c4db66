import { expect, test } from 'vitest'
import { quotaHeaders, quotaOf } from './quota'

test('of 60 a minute one comes back each second', () => {
  expect(quotaOf({ limit: 60, windowSeconds: 60, tokens: 57.5, taken: true })).toEqual({
    isAllowed: true,
    limit: 60,
    windowSeconds: 60,
    remaining: 57,
    resetSeconds: 3,
    retryAfterSeconds: 0,
  })
})

test('who gets none is told when the next one is there, and never to come back at once', () => {
  const slow = quotaOf({ limit: 3, windowSeconds: 3600, tokens: 0.25, taken: false })
  expect(slow).toMatchObject({ isAllowed: false, remaining: 0, retryAfterSeconds: 900, resetSeconds: 3300 })
  expect(quotaOf({ limit: 6000, windowSeconds: 60, tokens: 0.999, taken: false }).retryAfterSeconds).toBe(1)
})

test('the headers name the limit, what is left, and when all of it is there again', () => {
  expect(quotaHeaders(quotaOf({ limit: 60, windowSeconds: 60, tokens: 50, taken: true }))).toEqual({
    'RateLimit-Limit': '60',
    'RateLimit-Remaining': '50',
    'RateLimit-Reset': '10',
    'RateLimit-Policy': '60;w=60',
  })
})
