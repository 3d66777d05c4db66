import { describe, expect, test } from 'vitest'
import { mailState, type BreakerFacts } from './mail-state'
import { causes } from './smtp-failure'

const words = { time: (instant: string) => instant.slice(11, 16) }
const at = (time: string) => `2026-11-24T${time}:00.000Z`

const primary = (changes: Partial<BreakerFacts> = {}): BreakerFacts => ({
  route: 'primary',
  state: 'open',
  kind: 'outage',
  cause: 'server_unreachable',
  openedAt: at('14:02'),
  ...changes,
})
const closed = { state: 'closed', kind: null, cause: null, openedAt: null } as const
const second = (changes: Partial<BreakerFacts> = {}): BreakerFacts => ({ ...primary(), route: 'fallback', ...changes })

const state = (breakers: BreakerFacts[], waiting = 12, dayRateUsedUpUntil: string | null = null) =>
  mailState({ breakers, waiting, dayRateUsedUpUntil }, words)

describe('mail flows', () => {
  test.each<[string, BreakerFacts[]]>([
    ['before any worker wrote a row', []],
    ['with the first route in order', [primary(closed)]],
    ['with only the second route out of order', [primary(closed), second()]],
  ])('%s', (_, breakers) => {
    expect(state(breakers)).toEqual({
      state: 'flowing',
      since: null,
      waiting: 12,
      kind: null,
      sentence: 'Mail flows.',
    })
  })
})

describe('mail is delayed', () => {
  test('since the breaker opened, with how many wait and why', () => {
    expect(state([primary()])).toEqual({
      state: 'delayed',
      since: at('14:02'),
      waiting: 12,
      kind: 'outage',
      sentence:
        'Mail has been delayed since 14:02. 12 mails are waiting, none lost. The mail server does not accept connections: if it stays so, check SMTP_HOST and SMTP_PORT.',
    })
  })

  test('until it is shown that mail goes out again', () => {
    expect(state([primary({ state: 'half_open' })])).toMatchObject({ state: 'delayed', since: at('14:02') })
  })

  test.each([
    [0, 'No mail is waiting.'],
    [1, '1 mail is waiting, and is not lost.'],
    [2, '2 mails are waiting, none lost.'],
    [50_000, '50,000 mails are waiting, none lost.'],
  ])('with %i waiting', (waiting, said) => {
    expect(state([primary()], waiting).sentence).toContain(`since 14:02. ${said} The`)
  })

  test.each<[Partial<BreakerFacts>, string]>([
    [
      { kind: 'configuration', cause: 'credentials_refused' },
      'The mail server refuses our sign-in: check SMTP_USERNAME and SMTP_PASSWORD.',
    ],
    [{ kind: 'configuration', cause: 'sender_refused' }, "does not allow this sender's address: check SMTP_USER."],
    [{ kind: 'configuration', cause: 'certificate_invalid' }, "The mail server's certificate is not valid: check"],
    [{ kind: 'outage', cause: 'no_reply' }, 'The mail server did not answer in time.'],
    [{ kind: 'quota', cause: 'quota_used_up' }, 'Our sending allowance is used up: it goes on when'],
    // A cause of another version, or none: the kind is enough for a sentence.
    [{ kind: 'throttle', cause: 'moon_phase' }, 'We send faster than the mail server allows: it goes on by itself'],
    [{ kind: 'quota', cause: null }, 'Our sending allowance is used up: it goes on when'],
    [{ kind: 'configuration', cause: null }, 'Our settings for the mail server do not work: check'],
    [{ kind: 'outage', cause: null }, 'The mail server does not take mail.'],
    [{ kind: null, cause: null }, 'The mail server does not take mail.'],
  ])('and says why in plain words: %j', (changes, said) => {
    expect(state([primary(changes)]).sentence).toContain(said)
    expect(state([primary(changes)]).kind).toBe(changes.kind)
  })

  test('since the second route failed as well, for the reason of the first', () => {
    const both = state([second({ openedAt: at('14:40'), cause: 'no_reply' }), primary({ cause: 'line_broke' })])
    expect(both).toMatchObject({ state: 'delayed', since: at('14:40') })
    expect(both.sentence).toContain('The line to the mail server broke.')
    expect(state([primary({ openedAt: at('14:50') }), second()]).since).toBe(at('14:50'))
  })

  test('until midnight when the day’s rate is used up, whatever route it goes', () => {
    const said =
      "Mail is delayed until 00:00. 12 mails are waiting, none lost. The day's share of SEND_RATE is used up."
    for (const breakers of [[], [primary(closed)], [primary(), second(closed)]])
      expect(state(breakers, 12, at('00:00'))).toEqual({
        state: 'delayed',
        since: null,
        waiting: 12,
        kind: 'day_rate',
        sentence: said,
      })
    // The nearer trouble is told first.
    expect(state([primary()], 12, at('00:00')).kind).toBe('outage')
  })
})

test('mail goes by the second route while the first is out of order', () => {
  expect(state([primary({ kind: 'configuration', cause: 'credentials_refused' }), second(closed)], 3)).toEqual({
    state: 'second_route',
    since: at('14:02'),
    waiting: 3,
    kind: 'configuration',
    sentence:
      'Mail has gone by the second route since 14:02, and none is lost. The mail server refuses our sign-in: check SMTP_USERNAME and SMTP_PASSWORD.',
  })
})

test.each(causes)('a breaker that opened for %s is told in whole sentences', (cause) => {
  for (const breakers of [
    [primary({ cause })],
    [primary({ cause, openedAt: null })],
    [primary({ cause }), second(closed)],
  ])
    expect(state(breakers).sentence).toMatch(/^(?:[A-Z0-9][^.]+\. )+[A-Z][^.]+\.$/)
})
