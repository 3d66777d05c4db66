import { randomBytes } from 'node:crypto'
import { toString as drawQrCode } from 'qrcode'
import { AppError } from '@/core/errors'
import type { StaffActor } from '@/core/permissions'
import { plainRecoveryCode, recoveryCodeCount, recoveryCodeOf } from '@/core/recovery-code'
import { writeAudit } from '@/db/audit'
import type { Transaction } from '@/db/client'
import { confirmFactor, findSecondFactor, putUnconfirmed, replaceRecoveryCodes } from '@/db/second-factors'
import { endOtherSessions } from '@/db/sessions'
import { lockUser } from '@/db/users'
import { hashToken } from '@/runtime/seal'
import { newTotpSecret, totpAddress } from '@/runtime/totp'
import { auditOf, type Asked } from './actor'
import type { Context } from './context'
import { publishAll, tellOfSecondFactor } from './notices'
import { provePassword } from './prove-again'
import { judgedAttempt } from './sign-in-attempts'
import { sealFactor, stepOf } from './spend-second-factor'

type AskedByStaff = Asked & { actor: StaffActor }

const inUse = () => new AppError('conflict', 'You have a second factor already. Remove it first to use another app.')

/** Makes a secret for an authenticator app. It asks for nothing until a code of it was given. */
export async function beginSecondFactor(
  context: Context,
  asked: AskedByStaff,
  request: { password: string },
): Promise<{ secret: string; address: string; qrCode: string }> {
  await provePassword(context, asked, request)
  const { id, email } = asked.actor
  const secret = newTotpSecret()
  const written = await context.db.transaction((tx) => putUnconfirmed(tx, id, sealFactor(context, id, secret)))
  if (!written) throw inUse()
  const address = totpAddress(secret, email)
  const drawing = await drawQrCode(address, { type: 'svg', margin: 2 })
  return { secret, address, qrCode: `data:image/svg+xml;base64,${Buffer.from(drawing).toString('base64')}` }
}

/**
 * Puts the app into use, with a first code of it. Every other session has to sign in again, with a code.
 * @returns the recovery codes: nobody can read them again
 */
export async function confirmSecondFactor(
  context: Context,
  asked: AskedByStaff,
  request: { code: string; sessionId: string },
): Promise<string[]> {
  const { id } = asked.actor
  const codes = Array.from({ length: recoveryCodeCount }, () => recoveryCodeOf(randomBytes(10)))
  const confirm = async (tx: Transaction) => {
    const user = await lockUser(tx, id)
    const factor = await findSecondFactor(tx, id)
    if (!user || !factor) throw new AppError('conflict', 'There is no app to confirm: please begin again.')
    if (factor.confirmedAt) throw inUse()
    const step = stepOf(context, id, factor, request.code)
    if (step === null || !(await confirmFactor(tx, id, factor.sealed, step))) throw wrongCode()
    await replaceRecoveryCodes(
      tx,
      id,
      codes.map((code) => hashToken(plainRecoveryCode(code) ?? '')),
    )
    const ended = await endOtherSessions(tx, id, request.sessionId)
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'second_factor.added',
      target: `user:${id}`,
      detail: { sessions_ended: ended },
    })
    return await tellOfSecondFactor(context, tx, user, { what: 'added', actor: asked.actor })
  }
  const told = await judgedAttempt(context, asked, () => context.db.transaction(confirm))
  await publishAll(context, [told])
  return codes
}

export function wrongCode(): AppError {
  const message = 'This code is not right, or it was used already. Is the clock of your phone right?'
  return new AppError('invalid', message, { code: message })
}
