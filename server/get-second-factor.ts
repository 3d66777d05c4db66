import type { StaffActor } from '@/core/permissions'
import type { SecondFactorView } from '@/core/views'
import { countRecoveryCodes, findSecondFactor, readRoleSettings } from '@/db/second-factors'
import type { Context } from './context'

/** Whether whoever asks has a second factor, and has to. */
export async function getOwnSecondFactor({ db }: Context, { id, role }: StaffActor): Promise<SecondFactorView> {
  const [factor, left, settings] = await Promise.all([
    findSecondFactor(db, id),
    countRecoveryCodes(db, id),
    readRoleSettings(db),
  ])
  return {
    since: factor?.confirmedAt?.toISOString() ?? null,
    recovery_codes_left: left,
    is_required: settings.some((setting) => setting.role === role && setting.secondFactorRequired),
  }
}
