import { summarise } from '@/core/sentences'
import type { OnboardingView } from '@/core/views'
import { findNewestInvitation, invitationOpensAt } from '@/db/invitations'
import { findMessageStory } from '@/db/messages'
import { findLinkOfMessage, linkView } from '@/db/one-time-links'
import { findUser } from '@/db/users'
import type { Context } from './context'
import { noSuchUser } from './refusals'
import { apiWords } from './words'

/** How far a person has come since their account was made. */
export async function getOnboarding({ db, config }: Context, userId: number): Promise<OnboardingView> {
  const [user, invitationId, openAt] = await Promise.all([
    findUser(db, userId),
    findNewestInvitation(db, userId),
    invitationOpensAt(db, userId),
  ])
  if (!user) throw noSuchUser()
  const [story, link] = invitationId
    ? await Promise.all([
        findMessageStory(db, invitationId),
        findLinkOfMessage(db, { userId, messageId: invitationId }),
      ])
    : [null, null]
  return {
    invitation: story && { ...story.item, summary: summarise(story.facts, apiWords(config)) },
    link: link && linkView(link),
    password_set_at: user.passwordChangedAt?.toISOString() ?? null,
    first_sign_in_at: user.firstSignInAt?.toISOString() ?? null,
    can_invite_at: openAt?.toISOString() ?? null,
  }
}
