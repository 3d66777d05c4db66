import type { SecondFactorSetting } from '@/core/second-factor-requests'
import { writeAudit } from '@/db/audit'
import type { Executor } from '@/db/client'
import { readRoleSettings, writeRoleSetting } from '@/db/second-factors'
import { auditOf, type Asked } from './actor'
import type { Context } from './context'

async function read(db: Executor): Promise<SecondFactorSetting> {
  const required = new Set(
    (await readRoleSettings(db)).filter(({ secondFactorRequired }) => secondFactorRequired).map(({ role }) => role),
  )
  return {
    supporter: required.has('supporter'),
    admin: required.has('admin'),
    super_admin: required.has('super_admin'),
  }
}

/** For which roles a second factor is a must. */
export const getSecondFactorSetting = ({ db }: Context): Promise<SecondFactorSetting> => read(db)

/** From the next request on, whoever has such a role and no second factor can only add one. */
export async function changeSecondFactorSetting(
  { db }: Context,
  asked: Asked,
  setting: SecondFactorSetting,
): Promise<void> {
  await db.transaction(async (tx) => {
    const before = await read(tx)
    for (const role of ['supporter', 'admin', 'super_admin'] as const) {
      await writeRoleSetting(tx, { role, secondFactorRequired: setting[role] })
    }
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'settings.changed',
      target: 'settings:second_factor',
      before,
      after: setting,
    })
  })
}
