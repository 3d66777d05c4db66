import { canSignInToDashboard } from '@/core/permissions'
import type { SignInRefusal } from '@/core/sign-in'
import { writeAudit } from '@/db/audit'
import { endSession, type SessionKey } from '@/db/sessions'
import { findUserByAddress, noteSignIn, type User } from '@/db/users'
import { isPassword } from '@/runtime/password'
import type { Caller } from './actor'
import { beginSession } from './begin-session'
import type { Context } from './context'

export type SignInResult = { kind: 'accepted'; session: SessionKey } | { kind: 'refused'; code: SignInRefusal }

/** Unknown, wrong and disabled get one answer and take one time: nobody learns which addresses have accounts. */
export async function signIn(
  { db }: Context,
  caller: Caller,
  credentials: { email: string; password: string; userAgent: string },
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

  return await db.transaction(async (tx) => {
    // A password that was changed a moment ago, or a "sign out everywhere", counts for whoever is just coming in too.
    if (!(await noteSignIn(tx, user.id, user.sessionVersion))) return { kind: 'refused', code: 'unavailable' }
    const session = await beginSession(tx, user, { ...caller, userAgent: credentials.userAgent })
    await writeAudit(tx, {
      ...caller,
      actor: `user:${user.id}`,
      action: 'sign_in.accepted',
      target: `user:${user.id}`,
      detail: { session: session.sessionId },
    })
    return { kind: 'accepted', session }
  })
}

type Found = User & { isFirstPasswordOver: boolean }

function reasonToRefuse(user: Found | null, rightPassword: boolean): { code: SignInRefusal; reason: string } | null {
  if (!user) return { code: 'wrong_credentials', reason: 'unknown' }
  if (!rightPassword) return { code: 'wrong_credentials', reason: 'wrong_password' }
  if (user.status !== 'active') return { code: 'wrong_credentials', reason: 'disabled' }
  if (user.isFirstPasswordOver) return { code: 'wrong_credentials', reason: 'first_password_expired' }
  // A first password has to be changed, and this is the only place for it.
  if (!canSignInToDashboard(user.role) && !user.mustChangePassword) return { code: 'not_staff', reason: 'not_staff' }
  return null
}

/** Ends this session, so that a copy of its cookie ends too. One that has ended already ends nothing. */
export async function signOut({ db }: Context, caller: Caller, { userId, sessionId }: SessionKey): Promise<void> {
  await db.transaction(async (tx) => {
    if (!(await endSession(tx, userId, sessionId))) return
    const person = `user:${userId}`
    await writeAudit(tx, {
      ...caller,
      actor: person,
      action: 'sign_out',
      target: person,
      detail: { session: sessionId },
    })
  })
}
