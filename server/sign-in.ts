import { canSignInToDashboard } from '@/core/permissions'
import type { SignInRefusal } from '@/core/sign-in'
import { writeAudit } from '@/db/audit'
import { endSessions, findUserByAddress, noteSignIn, type User } from '@/db/users'
import { isPassword } from '@/runtime/password'
import type { Caller } from './actor'
import type { Context } from './context'

export type SignInResult =
  | { kind: 'accepted'; userId: number; sessionVersion: number }
  | { kind: 'refused'; code: SignInRefusal }

/** Unknown, wrong and disabled get one answer and take one time: nobody learns which addresses have accounts. */
export async function signIn(
  { db }: Context,
  caller: Caller,
  credentials: { email: string; password: string },
): Promise<SignInResult> {
  const user = await findUserByAddress(db, credentials.email)
  const rightPassword = await isPassword(credentials.password, user?.passwordHash ?? null)
  const refusal = reasonToRefuse(user, rightPassword)

  if (refusal) {
    await writeAudit(db, {
      ...caller,
      actor: 'nobody',
      action: 'sign_in.refused',
      // Never what was typed: people type passwords into the wrong field.
      target: user ? `user:${user.id}` : 'unknown account',
      detail: { reason: refusal.reason },
    })
    return { kind: 'refused', code: refusal.code }
  }
  if (!user) throw new Error('A sign-in without an account was not refused')

  await db.transaction(async (tx) => {
    await noteSignIn(tx, user.id)
    await writeAudit(tx, {
      ...caller,
      actor: `user:${user.id}`,
      action: 'sign_in.accepted',
      target: `user:${user.id}`,
    })
  })
  return { kind: 'accepted', userId: user.id, sessionVersion: user.sessionVersion }
}

function reasonToRefuse(user: User | null, rightPassword: boolean): { code: SignInRefusal; reason: string } | null {
  if (!user) return { code: 'wrong_credentials', reason: 'unknown' }
  if (!rightPassword) return { code: 'wrong_credentials', reason: 'wrong_password' }
  if (user.status !== 'active') return { code: 'wrong_credentials', reason: 'disabled' }
  // A first password has to be changed, and this is the only place for it.
  if (!canSignInToDashboard(user.role) && !user.mustChangePassword) return { code: 'not_staff', reason: 'not_staff' }
  return null
}

/** Ends every session of the account, so that a copied cookie ends too. */
export async function signOut(
  { db }: Context,
  caller: Caller,
  session: { userId: number; sessionVersion: number },
): Promise<void> {
  await db.transaction(async (tx) => {
    const ended = await endSessions(tx, session.userId, session.sessionVersion)
    if (!ended) return
    const person = `user:${session.userId}`
    await writeAudit(tx, { ...caller, actor: person, action: 'sign_out', target: person })
  })
}
