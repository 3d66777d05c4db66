import { expect, test } from 'vitest'
import { onboardingSteps } from './onboarding'
import type { LinkView, MessageListItem, OnboardingView, UserView } from './views'

const words = { time: (instant: string) => instant.slice(11, 16), day: (instant: string) => instant, smtpHost: 'mx' }
const user = (changes: Partial<UserView> = {}): UserView => ({
  id: 7,
  first_name: 'Jonas',
  last_name: 'Placeholder',
  email: 'jonas@example.com',
  role: 'supporter',
  status: 'active',
  created_at: '2026-11-24T14:20:31.000Z',
  created_by: 'Maya Example',
  last_sign_in_at: null,
  has_password: false,
  must_change_password: false,
  first_password_expires_at: null,
  last_mail: null,
  ...changes,
})
const invitation = (changes: Partial<MessageListItem> = {}) =>
  ({
    status: 'sent',
    created_at: '2026-11-24T14:20:31.000Z',
    sent_at: '2026-11-24T14:20:32.000Z',
    closed_at: '2026-11-24T14:20:32.000Z',
    may_have_been_delivered: false,
    delivery: 'send',
    last_reply: '250 OK',
    ...changes,
  }) as MessageListItem
const link = (changes: Partial<LinkView> = {}): LinkView => ({
  state: 'works',
  expires_at: '2026-11-27T14:20:00.000Z',
  opened_at: null,
  used_at: null,
  ...changes,
})
const none: OnboardingView = {
  invitation: null,
  link: null,
  password_set_at: null,
  first_sign_in_at: null,
  can_invite_at: null,
}
const steps = (onboarding: Partial<OnboardingView>, person: Partial<UserView> = {}) =>
  onboardingSteps({ user: user(person), onboarding: { ...none, ...onboarding } }, 'mx says no.', words).map(
    ({ at, sentence, detail, tone }) => `${at === null ? '○' : '●'} ${sentence}${detail ? ` (${detail})` : ''} ${tone}`,
  )

test('the whole way, to the first sign-in of staff', () => {
  expect(
    steps({
      invitation: invitation(),
      link: link({ state: 'used', opened_at: '2026-11-24T15:00:00.000Z', used_at: '2026-11-24T15:01:00.000Z' }),
      password_set_at: '2026-11-24T15:01:00.000Z',
      first_sign_in_at: '2026-11-24T15:02:00.000Z',
    }),
  ).toEqual([
    '● Account created (by Maya Example, as Support Agent) good',
    '● Welcome mail queued (Saved, and from here on never lost) good',
    '● Accepted for delivery good',
    '● Link opened good',
    '● Password set good',
    '● First sign-in good',
  ])
})

test('it stops where it stopped: at a refusal, with the reason; or at a link that still works, until when', () => {
  expect(steps({ invitation: invitation({ status: 'dead', sent_at: null }) }).slice(2)).toEqual([
    '● Not accepted (mx says no.) stop',
    '○ Link opened calm',
    '○ Password set calm',
    '○ First sign-in calm',
  ])
  expect(steps({ invitation: invitation(), link: link() })[3]).toBe('○ Link opened (It works until 14:20) calm')
  expect(steps({ invitation: invitation(), link: link({ state: 'expired' }) })[3]).toContain(
    'Send the invitation again',
  )
  const disabled = steps({ invitation: invitation(), link: link({ state: 'expired' }) }, { status: 'disabled' })
  expect(disabled[3]).toContain('The account is disabled')
  expect(steps({ invitation: invitation({ status: 'retrying', sent_at: null, closed_at: null }) })[2]).toBe(
    '○ Accepted for delivery (mx says no.) calm',
  )
})

test('who came another way waits for no link, and a link that was opened proves that a mail arrived', () => {
  const at = '2026-11-24T15:01:00.000Z'
  const changed = steps({ invitation: invitation(), password_set_at: at, first_sign_in_at: at }, { has_password: true })
  expect(changed.join()).not.toContain('○')
  const doubtful = invitation({ status: 'dead', sent_at: null, may_have_been_delivered: true })
  expect(steps({ invitation: doubtful, link: link({ opened_at: at }) }).slice(2, 4)).toEqual([
    '● It has arrived (Nobody confirmed it, but its link was opened) good',
    '● Link opened good',
  ])
  expect(steps({ invitation: doubtful, link: link() })[2]).toContain('Not accepted')
})

test('a store account signs in elsewhere; a first password from staff has no link; some have no mail', () => {
  expect(steps({ invitation: invitation(), link: link() }, { role: 'user' }).join()).not.toContain('First sign-in')
  const given = steps({ invitation: invitation() }, { has_password: true, must_change_password: true }).join('\n')
  expect(given).not.toContain('Link opened')
  expect(given).toContain('change it at the first sign-in')
  expect(steps({})).toContain('○ Welcome mail queued (None was asked for) calm')
})
