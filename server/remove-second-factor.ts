import { AppError } from '@/core/errors'
import { whyNot, type StaffActor } from '@/core/permissions'
import { writeAudit } from '@/db/audit'
import type { Transaction } from '@/db/client'
import { findSecondFactor, removeSecondFactor } from '@/db/second-factors'
import { lockUser } from '@/db/users'
import { auditOf, type Asked } from './actor'
import { wrongCode } from './add-second-factor'
import type { Context } from './context'
import { publishAll, tellOfSecondFactor } from './notices'
import { provePassword } from './prove-again'
import { judgedAttempt } from './sign-in-attempts'
import { spendSecondFactor } from './spend-second-factor'

const none = (whose: string) => new AppError('conflict', `${whose} no second factor.`)

/** Removes one's own, with the password and a code: what a found session does not have. */
export async function removeOwnSecondFactor(
  context: Context,
  asked: Asked & { actor: StaffActor },
  request: { password: string; code: string },
): Promise<void> {
  await provePassword(context, asked, request)
  const { id } = asked.actor
  const remove = async (tx: Transaction) => {
    const user = await lockUser(tx, id)
    const factor = await findSecondFactor(tx, id)
    if (!user || !factor?.confirmedAt) throw none('You have')
    const used = await spendSecondFactor(context, tx, { userId: id, factor, code: request.code })
    if (!used) throw wrongCode()
    await removeSecondFactor(tx, id)
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'second_factor.removed',
      target: `user:${id}`,
      detail: { with: used },
    })
    return await tellOfSecondFactor(context, tx, user, { what: 'removed', actor: asked.actor })
  }
  const told = await judgedAttempt(context, asked, () => context.db.transaction(remove))
  await publishAll(context, [told])
}

/** Removes that of somebody who lost their phone and their codes. */
export async function removeSecondFactorOf(context: Context, asked: Asked, id: number): Promise<void> {
  const told = await context.db.transaction(async (tx) => {
    const user = await lockUser(tx, id)
    if (!user) throw new AppError('not_found', 'There is no such user.')
    const refusal = whyNot(asked.actor, 'user.remove_second_factor', user)
    if (refusal) throw new AppError('forbidden', refusal)
    if (!(await removeSecondFactor(tx, id))) throw none('This account has')
    await writeAudit(tx, { ...auditOf(asked), action: 'second_factor.removed', target: `user:${id}` })
    return await tellOfSecondFactor(context, tx, user, { what: 'removed', actor: asked.actor })
  })
  await publishAll(context, [told])
}
