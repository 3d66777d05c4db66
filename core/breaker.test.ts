import { describe, expect, test } from 'vitest'
import { probeDelayMs, Ramp, signalOf, type BreakerKind } from './breaker'
import type { SendResult } from './delivery'
import type { Failure } from './smtp-failure'

const about = { ownSender: true, outages: 0 }
const failed = (failure: Partial<Failure>): SendResult => ({
  kind: 'failed',
  failure: { stage: 'envelope', command: null, code: null, reply: 'broken', errorCode: null, ...failure },
})
const answered = (stage: Failure['stage'], command: Failure['command'], reply: string) =>
  failed({ stage, command, code: Number(reply.slice(0, 3)), reply })

describe('what a try says of the server', () => {
  test.each<[string, SendResult, object]>([
    ['accepted', { kind: 'accepted', reply: '250 OK' }, { kind: 'works' }],
    ['a refused mailbox: it works', answered('envelope', 'rcpt', '550 5.1.1 no'), { kind: 'works' }],
    ['come back later: it works', answered('envelope', 'rcpt', '451 4.3.0 later'), { kind: 'works' }],
    ['never offered', { kind: 'not_begun', why: 'paused' }, { kind: 'nothing' }],
    ['too old', { kind: 'expired' }, { kind: 'nothing' }],
    [
      'lost after the dot',
      failed({ stage: 'dot' }),
      { kind: 'trouble', breaker: 'outage', atOnce: false, atDoor: false },
    ],
    [
      'no connection',
      failed({ stage: 'connect' }),
      { kind: 'trouble', breaker: 'outage', atOnce: false, atDoor: true },
    ],
    ['broke off', failed({}), { kind: 'trouble', breaker: 'outage', atOnce: false, atDoor: false }],
    [
      'wrong password',
      answered('connect', 'auth', '535 5.7.8 no'),
      { kind: 'trouble', breaker: 'configuration', atOnce: true, atDoor: true },
    ],
    [
      'our sender refused',
      answered('envelope', 'mail', '550 5.1.8 no'),
      { kind: 'trouble', breaker: 'configuration', atOnce: false, atDoor: false },
    ],
    [
      'too fast',
      answered('dot', 'dot', '550 5.7.0 too many emails per second'),
      { kind: 'trouble', breaker: 'throttle', atOnce: true },
    ],
    [
      'quota',
      answered('connect', 'auth', '535 5.7.0 Monthly messages limit reached'),
      { kind: 'trouble', breaker: 'quota', atOnce: true },
    ],
  ])('%s', (_, result, signal) => expect(signalOf(result, about)).toMatchObject(signal))

  test('a message that has failed alone too often says nothing any more, but the door still does', () => {
    expect(signalOf(failed({}), { ownSender: true, outages: 3 })).toEqual({ kind: 'nothing' })
    expect(signalOf(failed({ stage: 'connect' }), { ownSender: true, outages: 3 })).toMatchObject({ kind: 'trouble' })
  })
})

const waits = (kind: BreakerKind, asked: number | null = null) =>
  [0, 1, 2, 3, 99].map((failures) => probeDelayMs({ kind, failures, baseMs: 5_000, asked }))

describe('the wait before the next probe', () => {
  test('doubles in an outage, to half a minute', () => {
    expect(waits('outage')).toEqual([5_000, 10_000, 20_000, 30_000, 30_000])
  })
  test('is twice as long while our own settings are refused, so that no account is locked', () => {
    expect(waits('configuration')).toEqual([10_000, 20_000, 40_000, 60_000, 60_000])
  })
  test('is a quarter of an hour when the quota is used up', () =>
    expect(new Set(waits('quota'))).toEqual(new Set([900_000])))
  test('grows from ten seconds to a minute for a throttle, or is what the server asks for', () => {
    expect(waits('throttle')).toEqual([10_000, 20_000, 40_000, 60_000, 60_000])
    expect(waits('throttle', 300_000)).toEqual([300_000, 300_000, 300_000, 300_000, 300_000])
  })
})

const worksUntilFull = (ramp: Ramp, limit: number) => {
  let mails = 0
  while (ramp.allowed < limit && mails < 10_000) {
    ramp.works()
    mails++
  }
  return mails
}

describe('how many mails may be under way after trouble', () => {
  test('all, before there was any', () => expect(new Ramp(20).allowed).toBe(20))

  test('one after an outage, and one more with each that goes well', () => {
    const ramp = new Ramp(20)
    ramp.trouble('outage')
    expect(ramp.allowed).toBe(1)
    expect(worksUntilFull(ramp, 20)).toBe(19)
  })

  test('after a throttle quickly to half of what was too much, then slowly on', () => {
    const ramp = new Ramp(20)
    ramp.trouble('throttle')
    for (let mail = 0; mail < 9; mail++) ramp.works()
    expect(ramp.allowed).toBe(10)
    ramp.works()
    expect(ramp.allowed).toBe(10)
    expect(worksUntilFull(ramp, 20)).toBeGreaterThan(100)
  })

  test('never more than the limit, never less than one', () => {
    const ramp = new Ramp(2)
    ramp.works()
    expect(ramp.allowed).toBe(2)
    for (let times = 0; times < 5; times++) ramp.trouble('throttle')
    expect(ramp.allowed).toBe(1)
  })
})
