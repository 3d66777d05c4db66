'use client'

import { Label } from '@/app/_ui/status-chip'
import { Time } from '@/app/_ui/time'
import type { UserView } from '@/core/views'

/** Whether somebody can be sent an invitation: active, and without a password of their own. */
export const canBeInvited = (user: UserView): boolean =>
  user.status === 'active' && (!user.has_password || user.must_change_password)

/** `Invited`, `Signed in 5 min ago`, `Disabled`. */
export function AccountState({ user, inRow = false }: { user: UserView; inRow?: boolean }) {
  if (user.status === 'disabled') return <Label>Disabled</Label>
  if (user.last_sign_in_at) {
    return (
      <>
        Signed in <Time at={user.last_sign_in_at} inRow={inRow} />
      </>
    )
  }
  return canBeInvited(user) ? 'Invited' : 'Password set'
}
