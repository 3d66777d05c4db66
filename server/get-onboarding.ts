import type { OnboardingView } from '@/core/views'
import { findNewestInvitation, invitationOpensAt } from '@/db/invitations'
import { findMessages } from '@/db/messages'
import { findLinkOfMessage, linkView } from '@/db/one-time-links'
import { findUser } from '@/db/users'
import type { Context } from './context'
import { noSuchUser } from './refusals'
import { toldMessages } from './told-messages'

/** How far a person has come since their account was made. */
export async function getOnboarding({ db, config }: Context, userId: number): Promise<OnboardingView> {
  const [user, invitationId, openAt] = await Promise.all([
    findUser(db, userId),
    findNewestInvitation(db, userId),
    invitationOpensAt(db, userId),
  ])
  if (!user) throw noSuchUser()
  const [invitations, link] = invitationId
    ? await Promise.all([findMessages(db, [invitationId]), findLinkOfMessage(db, { userId, messageId: invitationId })])
    : [[], null]
  return {
    invitation: toldMessages({ config }, invitations)[0] ?? null,
    link: link && linkView(link),
    password_set_at: user.passwordChangedAt?.toISOString() ?? null,
    first_sign_in_at: user.firstSignInAt?.toISOString() ?? null,
    can_invite_at: openAt?.toISOString() ?? null,
  }
}
