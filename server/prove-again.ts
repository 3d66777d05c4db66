import { AppError } from '@/core/errors'
import type { StaffActor } from '@/core/permissions'
import { findUserByAddress } from '@/db/users'
import { isPassword } from '@/runtime/password'
import type { Asked } from './actor'
import type { Context } from './context'
import { beginAttemptOrRefuse, takeBack } from './sign-in-attempts'

/**
 * Has whoever is signed in give their password again: a session that somebody found open must not be enough for what would
 * shut its owner out. Guessing here costs the same waits as at the sign-in.
 */
export async function provePassword(
  context: Context,
  asked: Asked & { actor: StaffActor },
  { password, field = 'password' }: { password: string; field?: string },
): Promise<void> {
  const attempt = { email: asked.actor.email, address: asked.address }
  await beginAttemptOrRefuse(context, attempt)
  const user = await findUserByAddress(context.db, asked.actor.email)
  if (!(await isPassword(password, user?.passwordHash ?? null))) {
    const message = 'This is not your present password.'
    throw new AppError('invalid', message, { [field]: message })
  }
  await takeBack(context, attempt)
}
