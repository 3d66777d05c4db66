import { describe, expect, test } from 'vitest'
import { decide, type Outcome, type SendResult } from './delivery'
import type { Failure } from './smtp-failure'

const rules = { retryBaseMs: 30_000, ambiguousWaitMs: 300_000 }
const maxRetries = 3

type Given = {
  retryCount?: number
  flagged?: boolean
  outages?: number
  serverIsOut?: boolean
  serverWasOut?: boolean
  onAmbiguous?: 'retry' | 'hold'
  ownSender?: boolean
  jitter?: number
}
const decided = (result: SendResult, given: Given = {}) =>
  decide({
    result,
    retryCount: 0,
    maxRetries,
    flagged: false,
    outages: 0,
    serverIsOut: false,
    serverWasOut: false,
    onAmbiguous: 'retry',
    ownSender: true,
    rules,
    jitter: 0.5,
    ...given,
  })
const outcome = (result: SendResult, given: Given = {}) => decided(result, given).outcome

const failed = (failure: Partial<Failure>): SendResult => ({
  kind: 'failed',
  failure: { stage: 'envelope', command: null, code: null, reply: 'broken', errorCode: 'ECONNECTION', ...failure },
})
const answered = (command: Failure['command'], reply: string): SendResult => {
  const stage = command === 'dot' ? 'dot' : command === 'mail' || command === 'rcpt' ? 'envelope' : 'connect'
  return failed({ stage, command, code: Number(reply.slice(0, 3)), reply, errorCode: null })
}

const retry: Outcome = { kind: 'retry', delayMs: 30_000, mayHaveBeenDelivered: false }
const usedUp: Outcome = { kind: 'dead', reason: 'tries_used_up', mayHaveBeenDelivered: false }
const dead = (reason: 'refused' | 'not_rendered' | 'expired'): Outcome => ({
  kind: 'dead',
  reason,
  mayHaveBeenDelivered: false,
})
const bounced: Outcome = { kind: 'dead', reason: 'refused', mayHaveBeenDelivered: false, suppressAddress: true }
const ambiguous: Outcome = { kind: 'dead', reason: 'ambiguous', mayHaveBeenDelivered: true }
const lateRetry: Outcome = { kind: 'retry', delayMs: 300_000, mayHaveBeenDelivered: true }
const waits: Outcome = { kind: 'release', delayMs: 1_000, delayed: true }
const slowed: Outcome = { kind: 'release', delayMs: 1_000, delayed: true, inDoubtOfItself: true }
const doubted: Outcome = { kind: 'release', delayMs: 30_000, delayed: true, inDoubtOfItself: true }

type Row = { name: string; result: SendResult; first: Outcome; last: Outcome; flagged: Outcome }

const same = (always: Outcome) => ({ first: always, last: always, flagged: always })
const worthAnotherTry = { first: retry, last: usedUp, flagged: retry }

const table: Row[] = [
  { name: 'accepted', result: { kind: 'accepted', reply: '250 OK' }, ...same({ kind: 'sent' }) },
  { name: 'stopping', result: { kind: 'not_begun', why: 'stopping' }, ...same({ kind: 'release', delayMs: 0 }) },
  {
    name: 'hold too short',
    result: { kind: 'not_begun', why: 'hold_too_short' },
    ...same({ kind: 'release', delayMs: 1_000 }),
  },
  { name: 'nobody sends', result: { kind: 'not_begun', why: 'paused' }, ...same(waits) },
  {
    name: 'not by the second route',
    result: { kind: 'not_begun', why: 'first_route_only' },
    ...same({ kind: 'release', delayMs: 30_000, delayed: true }),
  },
  {
    name: 'a template of a newer version',
    result: { kind: 'not_begun', why: 'unknown_template' },
    ...same({ kind: 'release', delayMs: 30_000, delayed: true }),
  },
  {
    name: 'a secret that this worker cannot open',
    result: { kind: 'not_begun', why: 'unknown_key' },
    ...same({ kind: 'release', delayMs: 30_000, delayed: true }),
  },
  { name: 'account gone', result: { kind: 'not_wanted', why: 'The account was deleted' }, ...same({ kind: 'cancel' }) },
  { name: 'too old', result: { kind: 'expired' }, ...same(dead('expired')) },
  {
    name: 'on the suppression list',
    result: { kind: 'suppressed', since: '2026-11-03T00:00:00Z', reason: 'hard_bounce' },
    ...same({ kind: 'suppress' }),
  },
  { name: 'not rendered', result: { kind: 'not_rendered', error: 'no' }, ...same(dead('not_rendered')) },
  { name: 'no such mailbox', result: answered('rcpt', '550 5.1.1 No such user'), ...same(bounced) },
  { name: 'refused without a reason', result: answered('rcpt', '550 no'), ...same(dead('refused')) },
  { name: 'too big', result: answered('dot', '552 5.3.4 too big'), ...same(dead('refused')) },
  { name: 'come back later', result: answered('rcpt', '451 4.3.0 later'), ...worthAnotherTry },
  { name: 'come back later, said of the whole mail', result: answered('dot', '451 4.3.0 later'), ...worthAnotherTry },
  { name: 'only pretended', result: { kind: 'pretended' }, ...same({ kind: 'pretend' }) },
  { name: 'mailbox full, even as 552', result: answered('rcpt', '552 5.2.2 mailbox full'), ...worthAnotherTry },
  {
    name: 'too fast',
    result: answered('dot', '550 5.7.0 Requested action not taken: too many emails per second'),
    ...same(slowed),
  },
  {
    name: 'quota',
    result: answered('auth', '535 5.7.0 The monthly messages limit reached'),
    ...same({ ...waits, inDoubtOfItself: false }),
  },
  { name: 'wrong password', result: answered('auth', '535 5.7.8 no'), ...same(waits) },
  { name: 'turned away at the door', result: answered('greeting', '421 4.3.2 busy'), ...same(waits) },
  { name: 'blocked at the door', result: answered('greeting', '554 go away'), ...same(waits) },
  { name: 'no connection', result: failed({ stage: 'connect', errorCode: 'ESOCKET' }), ...same(waits) },
  { name: 'the line broke in the envelope', result: failed({ stage: 'envelope' }), ...same(doubted) },
  { name: 'the line broke in the body', result: failed({ stage: 'body' }), ...same(doubted) },
  { name: 'closing at the recipient', result: answered('rcpt', '421 4.3.2 closing'), ...same(doubted) },
  { name: 'our sender is not allowed', result: answered('mail', '550 5.1.8 no'), ...same(doubted) },
  { name: 'unknown', result: failed({ stage: 'dot' }), first: lateRetry, last: ambiguous, flagged: ambiguous },
]

describe.each(table)('$name', ({ result, first, last, flagged }) => {
  test('on the first try', () => expect(outcome(result)).toEqual(first))
  test('on the last try', () => expect(outcome(result, { retryCount: maxRetries })).toEqual(last))
  test('on a message that is flagged', () => expect(outcome(result, { flagged: true })).toEqual(flagged))
  test('on the last try of a message that is flagged', () => {
    const both = outcome(result, { retryCount: maxRetries, flagged: true })
    expect(both).toEqual(flagged === ambiguous ? ambiguous : last)
  })
})

test('a message gets one try and three more, never a fifth', () => {
  const later = answered('rcpt', '451 4.3.0 later')
  const kinds = [0, 1, 2, 3, 4].map((retryCount) => outcome(later, { retryCount }).kind)
  expect(kinds).toEqual(['retry', 'retry', 'retry', 'dead', 'dead'])
})

const waitsOf = (reply: string) =>
  [0, 1, 2].map((retryCount) => {
    const next = outcome(answered('rcpt', reply), { retryCount })
    return next.kind === 'retry' && next.delayMs
  })

test('the waits grow with the failed tries', () => {
  expect(waitsOf('451 4.3.0 later')).toEqual([30_000, 120_000, 480_000])
})

test('the wait that the server asks for is honoured where ours is shorter', () => {
  expect(waitsOf('450 4.2.0 try again in 5 minutes')).toEqual([300_000, 300_000, 480_000])
})

test('greylisting is given five minutes at least', () => {
  expect(waitsOf('451 4.7.1 Greylisted')).toEqual([300_000, 300_000, 480_000])
})

test('the try after an unknown end comes after five minutes at the earliest, whatever chance says', () => {
  const unknown = failed({ stage: 'dot' })
  expect(outcome(unknown, { jitter: 0 })).toEqual(lateRetry)
  // Where the usual wait is longer, it holds.
  expect(outcome(unknown, { retryCount: 2 })).toEqual({ ...lateRetry, delayMs: 480_000 })
})

test('a message that asks for it is parked at the first doubt', () => {
  expect(outcome(failed({ stage: 'dot' }), { onAmbiguous: 'hold' })).toEqual(ambiguous)
})

describe('a message that the server fails at in the middle, again and again', () => {
  const inTheMiddle = answered('rcpt', '421 4.3.2 closing')

  test('waits longer each time, and from the fourth on its tries count', () => {
    const outcomes = [0, 1, 2, 3, 4].map((outages) => outcome(inTheMiddle, { outages }))
    expect(outcomes).toEqual([
      doubted,
      { ...doubted, delayMs: 120_000 },
      { ...doubted, delayMs: 480_000 },
      retry,
      retry,
    ])
  })

  test('is given up in the end, like any other', () => {
    expect(outcome(inTheMiddle, { outages: 3, retryCount: maxRetries })).toEqual(usedUp)
  })

  test('is not blamed while nothing goes through for anybody, however long that lasts', () => {
    const paused: Outcome = { kind: 'release', delayMs: 30_000, delayed: true }
    for (const outages of [0, 3, 99]) expect(outcome(inTheMiddle, { outages, serverIsOut: true })).toEqual(paused)
  })

  test('is never blamed for what happens at the door', () => {
    expect(outcome(failed({ stage: 'connect' }), { outages: 99 })).toEqual(waits)
  })

  const throttled = answered('dot', '450 4.7.1 rate limit')

  test('waits by itself, longer each time, when only it is told that we are too fast, and burns no try', () => {
    expect([0, 2, 3, 4, 5, 99].map((outages) => outcome(throttled, { outages }))).toEqual([
      slowed,
      slowed,
      { ...slowed, delayMs: 480_000 },
      { ...slowed, delayMs: 1_920_000 },
      { ...slowed, delayMs: 3_600_000 },
      { ...slowed, delayMs: 3_600_000 },
    ])
  })

  test('is not in doubt while everybody is told so', () => {
    expect(outcome(throttled, { serverWasOut: true })).toEqual({ ...slowed, inDoubtOfItself: false })
  })
})

test('the sender of somebody else’s choosing is that mail’s fault', () => {
  expect(outcome(answered('mail', '550 5.1.8 no'), { ownSender: false })).toEqual(dead('refused'))
})

test('each failure comes with its cause, a success with none', () => {
  expect(decided(answered('rcpt', '550 5.1.1 No such user')).cause).toBe('mailbox_unknown')
  expect(decided(failed({ stage: 'dot' })).cause).toBe('lost_after_dot')
  expect(decided({ kind: 'accepted', reply: '250 OK' }).cause).toBeNull()
})
