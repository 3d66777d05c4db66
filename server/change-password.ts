import { AppError } from '@/core/errors'
import { canSignInToDashboard, type StaffActor } from '@/core/permissions'
import { presentPasswordNeeded } from '@/core/sign-in'
import { writeAudit } from '@/db/audit'
import { cancelWaiting } from '@/db/cancel-messages'
import type { SessionKey } from '@/db/sessions'
import { lockUser, storeOwnPassword } from '@/db/users'
import { hashPassword, isPassword } from '@/runtime/password'
import { auditOf, type Asked } from './actor'
import { afterPassword } from './after-password'
import { beginSession } from './begin-session'
import type { Context } from './context'
import { publishAll, tellOfPassword } from './notices'
import { judgedAttempt } from './sign-in-attempts'
import { refuseWeakPassword } from './weak-password'

const refuse = (field: string, message: string) => new AppError('invalid', message, { [field]: message })

/**
 * Changes the password of somebody who is signed in. A first password, which they have just typed to come here, must be
 * changed; any other has to be given again.
 * @returns their new session, every other one has ended; none for account holders, who were here only for this
 */
export async function changePassword(
  context: Context,
  asked: Asked & { actor: StaffActor },
  request: { password: string; current_password?: string; userAgent: string },
): Promise<{ session: SessionKey | null; next: string }> {
  if (request.current_password === undefined) return await change(context, asked, request)
  return await judgedAttempt(context, asked, () => change(context, asked, request), isWrongPresentPassword)
}

/** To choose a weak password is no guess. */
const isWrongPresentPassword = (error: unknown) =>
  error instanceof AppError && Object.hasOwn(error.fields, 'current_password')

async function change(
  context: Context,
  asked: Asked & { actor: StaffActor },
  request: { password: string; current_password?: string; userAgent: string },
): Promise<{ session: SessionKey | null; next: string }> {
  const { db, config } = context
  const { told, ...done } = await db.transaction(async (tx) => {
    const user = await lockUser(tx, asked.actor.id)
    if (!user) throw new AppError('unauthenticated', 'Please sign in.')
    if (!user.mustChangePassword) {
      if (request.current_password === undefined) {
        throw refuse('current_password', presentPasswordNeeded)
      }
      if (!(await isPassword(request.current_password, user.passwordHash))) {
        throw refuse('current_password', 'This is not your present password.')
      }
    }
    if (await isPassword(request.password, user.passwordHash)) {
      throw refuse('password', 'Please choose another password than the present one.')
    }
    refuseWeakPassword(request.password, user)
    const sessionVersion = await storeOwnPassword(tx, user.id, await hashPassword(request.password))
    await cancelWaiting(tx, {
      userId: user.id,
      types: ['welcome', 'password_reset'],
      by: 'the account holder',
      reason: 'They have chosen a password meanwhile',
    })
    const told = await tellOfPassword(context, tx, user)
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'user.password_set',
      target: `user:${user.id}`,
      detail: { by: 'session' },
    })
    const session = canSignInToDashboard(user.role)
      ? await beginSession(tx, { id: user.id, sessionVersion }, { ...asked, userAgent: request.userAgent })
      : null
    return { told, session, next: afterPassword(config, user.role, 'signed_in') }
  })
  await publishAll(context, [told])
  return done
}
