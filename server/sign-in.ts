import { canSignInToDashboard } from '@/core/permissions'
import type { SignInRefusal } from '@/core/sign-in'
import { writeAudit } from '@/db/audit'
import type { Transaction } from '@/db/client'
import { findSecondFactor } from '@/db/second-factors'
import { endSession, type SessionKey } from '@/db/sessions'
import { findUserByAddress, lockUser, noteSignIn, type User } from '@/db/users'
import { isPassword } from '@/runtime/password'
import type { Caller } from './actor'
import { beginSession } from './begin-session'
import type { Context } from './context'
import { beginAttempt, forgetFailures, takeBack } from './sign-in-attempts'
import { spendSecondFactor } from './spend-second-factor'

export type SignInResult = { kind: 'accepted'; session: SessionKey } | { kind: 'refused'; code: SignInRefusal }

type Credentials = {
  email: string
  password: string
  /** Of the second factor; empty in the first step. */
  code: string
  userAgent: string
}

/** `reason` is for the audit. `isRight`: no guess, so that it does not count as one. */
type Refusal = { code: SignInRefusal; reason: string; isRight?: true }

/**
 * Unknown, wrong and disabled get one answer and take one time: nobody learns which addresses have accounts. Each try is
 * counted before it is judged, by the address that was typed.
 */
export async function signIn(context: Context, caller: Caller, credentials: Credentials): Promise<SignInResult> {
  const { db, log } = context
  const attempt = { email: credentials.email, address: caller.address }
  const seconds = await beginAttempt(context, attempt)
  if (seconds !== null) {
    // Not in the audit: whoever floods us would fill it. The failures that led to the wait are all there.
    log.warn({ ...caller, seconds }, 'A sign-in was refused unseen: there were too many')
    return { kind: 'refused', code: `wait-${seconds}` }
  }

  const user = await findUserByAddress(db, credentials.email)
  const rightPassword = await isPassword(credentials.password, user?.passwordHash ?? null).catch(
    async (error: unknown) => {
      // Too many at once, so that nobody looked at it.
      await takeBack(context, attempt)
      throw error
    },
  )
  const refusal = reasonToRefuse(user, rightPassword)
  if (refusal) return await refuse(context, caller, attempt, user, refusal)
  if (!user) throw new Error('A sign-in without an account was not refused')

  const result = await db.transaction((tx) => enter(context, tx, caller, user, credentials))
  return 'reason' in result ? await refuse(context, caller, attempt, user, result) : result
}

type Found = User & { isFirstPasswordOver: boolean }

function reasonToRefuse(user: Found | null, rightPassword: boolean): Refusal | null {
  if (!user) return { code: 'wrong_credentials', reason: 'unknown' }
  if (!rightPassword) return { code: 'wrong_credentials', reason: 'wrong_password' }
  if (user.status !== 'active') return { code: 'wrong_credentials', reason: 'disabled' }
  if (user.isFirstPasswordOver) return { code: 'wrong_credentials', reason: 'first_password_expired' }
  // A first password has to be changed, and this is the only place for it.
  if (!canSignInToDashboard(user.role) && !user.mustChangePassword) {
    return { code: 'not_staff', reason: 'not_staff', isRight: true }
  }
  return null
}

async function refuse(
  context: Context,
  caller: Caller,
  attempt: { email: string; address: string },
  user: User | null,
  { code, reason, isRight }: Refusal,
): Promise<SignInResult> {
  if (isRight) await takeBack(context, attempt)
  await writeAudit(context.db, {
    ...caller,
    actor: 'nobody',
    action: 'sign_in.refused',
    // Never what was typed: people type passwords into the wrong field.
    target: user ? `user:${user.id}` : 'unknown account',
    detail: { reason },
  })
  return { kind: 'refused', code }
}

/** The password was right. Asks for the second factor, where there is one, and begins the session. */
async function enter(
  context: Context,
  tx: Transaction,
  caller: Caller,
  known: User,
  { email, code, userAgent }: Credentials,
): Promise<SignInResult | Refusal> {
  const user = await lockUser(tx, known.id)
  // A password that was changed a moment ago, or a "sign out everywhere", counts for whoever is just coming in too.
  if (user?.sessionVersion !== known.sessionVersion) {
    return { code: 'unavailable', reason: 'changed_meanwhile', isRight: true }
  }
  const factor = await findSecondFactor(tx, user.id)
  let factorUsed: 'app' | 'recovery_code' | null = null
  if (factor?.confirmedAt) {
    if (code === '') return { code: 'code_needed', reason: 'code_needed', isRight: true }
    factorUsed = await spendSecondFactor(context, tx, { userId: user.id, factor, code })
    if (!factorUsed) return { code: 'wrong_code', reason: 'wrong_code' }
  }
  await noteSignIn(tx, user.id)
  const session = await beginSession(tx, user, { ...caller, userAgent })
  await forgetFailures(context, tx, { email, address: caller.address })
  const person = { ...caller, actor: `user:${user.id}`, target: `user:${user.id}` }
  if (factorUsed === 'recovery_code') await writeAudit(tx, { ...person, action: 'second_factor.recovery_code_used' })
  await writeAudit(tx, {
    ...person,
    action: 'sign_in.accepted',
    detail: { session: session.sessionId, ...(factorUsed && { second_factor: factorUsed }) },
  })
  return { kind: 'accepted', session }
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
