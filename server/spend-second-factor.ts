import { plainRecoveryCode } from '@/core/recovery-code'
import type { Transaction } from '@/db/client'
import { spendRecoveryCode, spendStep, type SecondFactor } from '@/db/second-factors'
import { hashToken, open, seal } from '@/runtime/seal'
import { totpStep } from '@/runtime/totp'
import type { Context } from './context'

/** What the secret of an authenticator app is bound to: moved to another person's row it does not open. */
const boundTo = (userId: number) => `second-factor:${userId}`

export const sealFactor = ({ config }: Context, userId: number, secret: string): Buffer =>
  seal(secret, boundTo(userId), config.SECRETS_KEYS)

/** Which step the code belongs to; null when it is not of this app. */
export const stepOf = ({ config }: Context, userId: number, factor: SecondFactor, code: string): number | null =>
  totpStep(open(factor.sealed, boundTo(userId), config.SECRETS_KEYS), code.replaceAll(/\s/g, ''), factor.now)

/**
 * Spends a code of the app or a recovery code. Each works once, also when two requests bring the same one.
 * @returns null when it is not right, or was used already
 */
export async function spendSecondFactor(
  context: Context,
  tx: Transaction,
  given: { userId: number; factor: SecondFactor; code: string },
): Promise<'app' | 'recovery_code' | null> {
  const { userId, factor, code } = given
  const recovery = plainRecoveryCode(code)
  if (recovery !== null) return (await spendRecoveryCode(tx, userId, hashToken(recovery))) ? 'recovery_code' : null
  const step = stepOf(context, userId, factor, code)
  return step !== null && (await spendStep(tx, userId, factor.sealed, step)) ? 'app' : null
}
