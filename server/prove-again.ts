import { AppError } from '@/core/errors'
import type { StaffActor } from '@/core/permissions'
import { findUserByAddress } from '@/db/users'
import { isPassword } from '@/runtime/password'
import type { Asked } from './actor'
import type { Context } from './context'
import { judgedAttempt } from './sign-in-attempts'

/**
 * Has whoever is signed in give their password again: a session that somebody found open must not be enough for what would
 * shut its owner out.
 * @param field what it is called in the request
 */
export async function provePassword(
  context: Context,
  asked: Asked & { actor: StaffActor },
  { password }: { password: string },
  field: 'password' | 'current_password' = 'password',
): Promise<void> {
  await judgedAttempt(context, asked, async () => {
    const user = await findUserByAddress(context.db, asked.actor.email)
    if (await isPassword(password, user?.passwordHash ?? null)) return
    const message = 'This is not your present password.'
    throw new AppError('invalid', message, { [field]: message })
  })
}
