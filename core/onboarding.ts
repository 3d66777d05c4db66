import { canSignInToDashboard } from './permissions'
import { roleLabel } from './roles'
import type { Words } from './sentences'
import type { OnboardingView, TimelineEntry, UserView } from './views'

/** One step of the way in: done at `at`, or still to come. */
export type OnboardingStep = Pick<TimelineEntry, 'sentence' | 'detail' | 'reply' | 'tone'> & { at: string | null }

type Facts = { user: UserView; onboarding: OnboardingView }

/**
 * The way of a person from their account to their first sign-in, in the order in which it is gone: created, mail queued, accepted,
 * link opened, password set, signed in. Holders of store accounts sign in at the store, which does not tell us.
 * @param summary what is said of the invitation (core/sentences.ts), its first words left out
 */
export function onboardingSteps({ user, onboarding }: Facts, summary: string | null, words: Words): OnboardingStep[] {
  const { invitation, link, password_set_at: passwordAt, first_sign_in_at: signedInAt } = onboarding
  // Given by staff: there is no link to open, it is changed at the first sign-in.
  const hasFirstPassword = user.has_password && user.must_change_password && !link
  const openedAt = link?.opened_at ?? link?.used_at
  // With a password, and this link never opened: they came another way.
  const hasNoLink = hasFirstPassword || (passwordAt !== null && !openedAt)
  const steps: (OnboardingStep | null)[] = [
    done(user.created_at, 'Account created', `by ${user.created_by}, as ${roleLabel(user.role)}`),
    invitation
      ? done(invitation.created_at, 'Welcome mail queued', 'Saved, and from here on never lost')
      : toCome('Welcome mail queued', 'None was asked for'),
    invitation ? acceptance(invitation, link, summary) : toCome('Accepted for delivery'),
    hasNoLink || !invitation ? null : opening(user, invitation.status === 'sent' || openedAt ? link : null, words),
    passwordAt
      ? done(passwordAt, 'Password set')
      : toCome(
          'Password set',
          hasFirstPassword ? 'They have a first password from staff, and change it at the first sign-in' : null,
        ),
    canSignInToDashboard(user.role) ? (signedInAt ? done(signedInAt, 'First sign-in') : toCome('First sign-in')) : null,
  ]
  return steps.filter((step) => step !== null)
}

const done = (at: string, sentence: string, detail: string | null = null): OnboardingStep => ({
  at,
  sentence,
  detail,
  reply: null,
  tone: 'good',
})
const toCome = (sentence: string, detail: string | null = null): OnboardingStep => ({
  at: null,
  sentence,
  detail,
  reply: null,
  tone: 'calm',
})

function acceptance(
  invitation: NonNullable<OnboardingView['invitation']>,
  link: OnboardingView['link'],
  summary: string | null,
): OnboardingStep {
  const { status, sent_at: sentAt, closed_at: closedAt, last_reply: reply } = invitation
  if (status === 'sent' && sentAt)
    return invitation.delivery === 'pretend'
      ? { at: sentAt, sentence: 'Only pretended', detail: summary, reply: null, tone: 'calm' }
      : done(sentAt, 'Accepted for delivery', invitation.may_have_been_delivered ? 'A second copy is possible' : null)
  const openedAt = link?.opened_at ?? link?.used_at
  if (openedAt) return done(openedAt, 'It has arrived', 'Nobody confirmed it, but its link was opened')
  if (closedAt)
    return {
      at: closedAt,
      sentence: 'Not accepted',
      detail: summary,
      reply,
      tone: invitation.may_have_been_delivered ? 'unsure' : status === 'dead' ? 'stop' : 'calm',
    }
  return { ...toCome('Accepted for delivery', summary), reply }
}

function opening({ status }: UserView, link: OnboardingView['link'], words: Words): OnboardingStep {
  const again = status === 'disabled' ? 'The account is disabled' : 'Send the invitation again'
  const openedAt = link?.opened_at ?? link?.used_at
  if (openedAt) return done(openedAt, 'Link opened')
  if (!link) return toCome('Link opened')
  switch (link.state) {
    case 'works':
      return toCome('Link opened', `It works until ${words.time(link.expires_at)}`)
    case 'expired':
      return toCome('Link opened', `It stopped working at ${words.time(link.expires_at)}. ${again}`)
    case 'replaced':
      return toCome('Link opened', 'A newer mail has replaced it')
    case 'address_changed':
      return toCome('Link opened', `It ended when the address was changed. ${again}`)
    case 'used':
    case 'password_changed':
    case 'disabled':
      return toCome('Link opened', 'It no longer works')
    default:
      return link.state satisfies never
  }
}
