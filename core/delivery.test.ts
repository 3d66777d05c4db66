import { describe, expect, test } from 'vitest'
import { decide, type Outcome, type SendResult } from './delivery'

const rules = { retryBaseMs: 30_000, ambiguousWaitMs: 300_000 }
const maxRetries = 3

const decided = (result: SendResult, given: { retryCount?: number; flagged?: boolean; jitter?: number } = {}) =>
  decide({ result, retryCount: 0, maxRetries, flagged: false, rules, jitter: 0.5, ...given })

const refused = (stage: 'connect' | 'envelope' | 'body' | 'dot', code: number): SendResult => ({
  kind: 'refused',
  stage,
  code,
  reply: `${code} no`,
})

const retry: Outcome = { kind: 'retry', delayMs: 30_000, mayHaveBeenDelivered: false }
const lastRetryFailed: Outcome = { kind: 'dead', reason: 'tries_used_up', mayHaveBeenDelivered: false }
const dead = (reason: 'refused' | 'not_rendered'): Outcome => ({ kind: 'dead', reason, mayHaveBeenDelivered: false })
const ambiguous: Outcome = { kind: 'dead', reason: 'ambiguous', mayHaveBeenDelivered: true }
const lateRetry: Outcome = { kind: 'retry', delayMs: 300_000, mayHaveBeenDelivered: true }

type Row = { name: string; result: SendResult; first: Outcome; last: Outcome; flagged: Outcome }

const same = (outcome: Outcome) => ({ first: outcome, last: outcome, flagged: outcome })
const worthAnotherTry = { first: retry, last: lastRetryFailed, flagged: retry }

const table: Row[] = [
  { name: 'accepted', result: { kind: 'accepted', reply: '250 OK' }, ...same({ kind: 'sent' }) },
  { name: 'stopping', result: { kind: 'not_begun', why: 'stopping' }, ...same({ kind: 'release', delayMs: 0 }) },
  { name: 'account gone', result: { kind: 'not_wanted', why: 'The account was deleted' }, ...same({ kind: 'cancel' }) },
  {
    name: 'hold too short',
    result: { kind: 'not_begun', why: 'hold_too_short' },
    ...same({ kind: 'release', delayMs: 1_000 }),
  },
  { name: 'not rendered', result: { kind: 'not_rendered', error: 'no' }, ...same(dead('not_rendered')) },
  { name: '5xx to the envelope', result: refused('envelope', 550), ...same(dead('refused')) },
  { name: '5xx to DATA', result: refused('body', 500), ...same(dead('refused')) },
  { name: '5xx to the final dot', result: refused('dot', 552), ...same(dead('refused')) },
  { name: '5xx at connect: refuses us, not the mail', result: refused('connect', 554), ...worthAnotherTry },
  { name: '535 at connect: our sign-in', result: refused('connect', 535), ...worthAnotherTry },
  { name: '4xx at connect', result: refused('connect', 421), ...worthAnotherTry },
  { name: '4xx to the envelope', result: refused('envelope', 451), ...worthAnotherTry },
  { name: '499 to the final dot', result: refused('dot', 499), ...worthAnotherTry },
  { name: 'broken at connect', result: { kind: 'broken', stage: 'connect', error: 'x' }, ...worthAnotherTry },
  { name: 'broken in the envelope', result: { kind: 'broken', stage: 'envelope', error: 'x' }, ...worthAnotherTry },
  { name: 'broken in the body', result: { kind: 'broken', stage: 'body', error: 'x' }, ...worthAnotherTry },
  {
    name: 'unknown',
    result: { kind: 'unknown', error: 'lost' },
    first: lateRetry,
    last: ambiguous,
    flagged: ambiguous,
  },
]

describe.each(table)('$name', ({ result, first, last, flagged }) => {
  test('on the first try', () => expect(decided(result)).toEqual(first))
  test('on the last try', () => expect(decided(result, { retryCount: maxRetries })).toEqual(last))
  test('on a message that is flagged', () => expect(decided(result, { flagged: true })).toEqual(flagged))
  test('on the last try of a message that is flagged', () => {
    const outcome = decided(result, { retryCount: maxRetries, flagged: true })
    expect(outcome).toEqual(flagged === ambiguous ? ambiguous : last)
  })
})

test('a message gets one try and three more, never a fifth', () => {
  const kinds = [0, 1, 2, 3, 4].map((retryCount) => decided(refused('envelope', 451), { retryCount }).kind)
  expect(kinds).toEqual(['retry', 'retry', 'retry', 'dead', 'dead'])
})

test('the waits grow with the failed tries', () => {
  const waits = [0, 1, 2].map((retryCount) => {
    const outcome = decided(refused('envelope', 451), { retryCount })
    return outcome.kind === 'retry' && outcome.delayMs
  })
  expect(waits).toEqual([30_000, 120_000, 480_000])
})

test('the try after an unknown end comes after five minutes at the earliest, whatever chance says', () => {
  const unknown: SendResult = { kind: 'unknown', error: 'lost' }
  expect(decided(unknown, { jitter: 0 })).toEqual(lateRetry)
  // Where the usual wait is longer, it holds.
  expect(decided(unknown, { retryCount: 2 })).toEqual({ ...lateRetry, delayMs: 480_000 })
})
