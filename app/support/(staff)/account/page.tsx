import type { Metadata } from 'next'
import { can } from '@/core/permissions'
import { inTime } from '@/server/failures'
import { getOwnSecondFactor } from '@/server/get-second-factor'
import { listOwnSessions } from '@/server/list-sessions'
import { getSecondFactorSetting } from '@/server/second-factor-setting'
import { requireStaff } from '../../require-staff'
import { Account } from './account'

export const metadata: Metadata = { title: 'My account' }

export default async function AccountPage() {
  const { actor, context, sessionId } = await requireStaff()
  const [sessions, factor, required] = await inTime(
    Promise.all([
      listOwnSessions(context, actor.id, sessionId),
      getOwnSecondFactor(context, actor),
      can(actor, 'settings.change') ? getSecondFactorSetting(context) : null,
    ]),
  )
  return <Account actor={actor} first={{ sessions, factor }} required={required} />
}
