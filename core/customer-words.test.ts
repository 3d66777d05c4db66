import { describe, expect, test } from 'vitest'
import { isAddressWrong, linkWords, nextStep, tellCustomer, type CustomerFacts } from './customer-words'
import { statuses } from './message'
import { causes } from './smtp-failure'

const words = { time: (instant: string) => instant.slice(11, 16) }
const facts = (
  changes: Partial<CustomerFacts['message']> = {},
  more: Partial<Omit<CustomerFacts, 'message'>> = {},
): CustomerFacts => ({
  message: {
    status: 'queued',
    subject: 'Welcome to Usual Store',
    to: 'olena.sample@example.com',
    template: 'welcome',
    due_at: '2026-11-24T12:34:00.000Z',
    sent_at: null,
    delivery: 'send',
    may_have_been_delivered: false,
    delayed_since: null,
    waiting_for_kafka_since: null,
    last_cause: null,
    ...changes,
  },
  firstName: 'Olena',
  from: 'noreply@usualstore.com',
  linkWorksUntil: null,
  presentAddress: 'olena.sample@example.com',
  isDisabled: false,
  sentAgain: null,
  ...more,
})
const now = Date.parse('2026-11-24T12:34:30.000Z')
const told = (...given: Parameters<typeof facts>) => tellCustomer(facts(...given), words, now)

describe('what is told to the customer', () => {
  test('accepted: when, where to look, and until when the link works', () => {
    const sent = { status: 'sent', sent_at: '2026-11-24T14:02:00.000Z' } as const
    expect(told(sent)).toBe(
      'Hello Olena, our mail “Welcome to Usual Store” was accepted for delivery at 14:02. If it is not in your inbox, please look in your spam folder for noreply@usualstore.com.',
    )
    expect(told(sent, { linkWorksUntil: '2026-11-24T15:02:00.000Z' })).toContain(
      'Its link works until 15:02; tell me if you want a new one.',
    )
    expect(told({ ...sent, delivery: 'pretend' })).toContain('was not sent to you')
  })

  test('delayed by us: they need not ask again', () => {
    expect(told({ delayed_since: '2026-11-24T14:02:00.000Z' })).toBe(
      'Hello Olena, our mail “Welcome to Usual Store” is delayed by a fault on our side that we are working on. You need not ask again: it goes out by itself, and its link will be fresh.',
    )
    expect(told({ template: 'plain', waiting_for_kafka_since: '2026-11-24T14:02:00.000Z' })).not.toContain('link')
  })

  test('a wrong address is asked for; a full mailbox is to be emptied', () => {
    expect(told({ status: 'dead', last_cause: 'domain_unknown' })).toBe(
      'Hello Olena, our mail “Welcome to Usual Store” could not reach you: the address we have is olena.sample@example.com, and the part after the @ does not exist. Please tell me the right address, and I will send it again at once.',
    )
    expect(told({ status: 'dead', last_cause: 'mailbox_full' })).toContain('make some room')
    expect(isAddressWrong('domain_unknown')).toBe(true)
    expect(isAddressWrong('mailbox_full')).toBe(false)
    expect(isAddressWrong('a cause of tomorrow')).toBe(false)
  })

  test('a mail for later is not said to be on its way, nor one that was tried already; what is retried names no time that is over', () => {
    expect(told({ due_at: '2026-11-27T14:02:00.000Z' })).toBe(
      'Hello Olena, our mail “Welcome to Usual Store” is to be sent at 14:02.',
    )
    for (const status of ['queued', 'retrying'] as const) {
      const tried = { status, last_cause: 'line_broke' }
      expect(told(tried)).toBe(
        'Hello Olena, our mail “Welcome to Usual Store” has not been accepted yet. We try again by ourselves now; you need not do anything.',
      )
      expect(told({ ...tried, due_at: '2026-11-27T14:02:00.000Z' })).toContain('by ourselves at 14:02;')
    }
  })

  test('what was corrected or sent again already is not asked for once more', () => {
    const wrong = { status: 'dead', last_cause: 'mailbox_unknown', to: 'old@example.com' } as const
    expect(told(wrong)).toBe(
      'Hello Olena, our mail “Welcome to Usual Store” could not reach you at old@example.com. We have your address olena.sample@example.com by now, and I will send it again there.',
    )
    expect(nextStep(facts(wrong))).toBe('Their address has been corrected since: send it again.')
    const sentAgain = { id: '1', to: 'olena.sample@example.com', status: 'sent' } as const
    expect(told(wrong, { sentAgain })).toContain('sent it again to olena.sample@example.com, and it was accepted there')
    expect(told(wrong, { sentAgain: { ...sentAgain, status: 'queued' } })).toContain('are sending it again')
    expect(nextStep(facts(wrong, { sentAgain }))).toBe(
      'It was sent again to olena.sample@example.com, as another message: look there.',
    )
  })

  test('of a disabled account staff are told so before they try in vain', () => {
    for (const status of ['sent', 'dead', 'cancelled'] as const)
      expect(nextStep(facts({ status }, { isDisabled: true }))).toMatch(/^Their account is disabled/)
  })

  test('where nobody can know, it does not say that it arrived', () => {
    const doubt = told({ status: 'dead', may_have_been_delivered: true })
    expect(doubt).toContain('may have reached you')
    expect(doubt).toContain('I will send it again')
    // It goes out again by itself: nobody is asked for a third copy.
    for (const status of ['queued', 'sending', 'retrying'] as const) {
      const again = told({ status, may_have_been_delivered: true, last_cause: 'line_broke' })
      expect(again).toContain('It is sent once more by itself, so you may get it twice')
      expect(again).not.toContain('I will send it again')
    }
    expect(nextStep(facts({ status: 'dead', may_have_been_delivered: true }))).toContain('look for it first')
  })

  test('somebody without an account is greeted too', () => {
    expect(told({}, { firstName: null })).toMatch(/^Hello, our mail/)
  })
})

test('in every state there is a whole polite text, which never claims that it was delivered or read', () => {
  for (const status of statuses)
    for (const last_cause of [null, ...causes])
      for (const delivery of ['send', 'held', 'pretend'] as const)
        for (const may_have_been_delivered of [false, true]) {
          const text = told({ status, last_cause, delivery, may_have_been_delivered })
          expect(text).toMatch(/^Hello Olena, .+[.]$/)
          expect(text).not.toMatch(/undefined|null|was delivered|has been delivered|read it|by your mail provider/)
          expect(nextStep(facts({ status, last_cause, delivery, may_have_been_delivered })) ?? 'It goes on.').toMatch(
            /^[A-Z].+[.]$/,
          )
        }
})

test('what became of a link is told with whether it still works, and of a mail in doubt once the link was opened', () => {
  const link = { state: 'works', expires_at: '2026-11-25T14:20:00.000Z', opened_at: null, used_at: null } as const
  const opened_at = '2026-11-24T15:01:00.000Z'
  const became = (given: object, status: 'sent' | 'dead' = 'sent') =>
    linkWords({ status, link: { ...link, ...given } }, words)
  expect(became({})).toBe('The link in it has not been opened yet.')
  expect(became({ opened_at })).toBe('The link in it was opened at 15:01, and no password was chosen with it yet.')
  for (const state of ['password_changed', 'expired', 'replaced'])
    expect(became({ opened_at, state })).toBe('The link in it was opened at 15:01, and works no more.')
  expect(became({}, 'dead')).toBeNull()
  expect(became({ opened_at }, 'dead')).toContain('was opened at 15:01')
})
