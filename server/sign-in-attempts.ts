import { sameAddressKey } from '@/core/address'
import { AppError } from '@/core/errors'
import type { StaffActor } from '@/core/permissions'
import { delayRules, longestWaitSeconds, placeOf, waitSentence } from '@/core/sign-in-delay'
import type { Executor } from '@/db/client'
import { countAttempt, forgetAttempts, takeBackAttempt, type DelayKeys } from '@/db/sign-in-delays'
import { keyedHashes } from '@/runtime/seal'
import type { Asked } from './actor'
import type { Context } from './context'

/** Who tries, and from where: the address as it was typed, whether it has an account or not. */
export type Attempt = { email: string; address: string }

/** A typed address is kept as a keyed hash only: people type passwords into the wrong field. */
function keysOf({ config }: Context, { email, address }: Attempt): DelayKeys {
  const [hash] = keyedHashes(`sign-in ${sameAddressKey(email)}`, config.SECRETS_KEYS)
  return { account: `account:${hash?.toString('base64url')}`, address: `address:${placeOf(address)}` }
}

const rules = { ...delayRules, longestWaitSeconds }

/** @returns null when it may be judged, and counts as failed until it is taken back; or else the seconds to wait */
export const beginAttempt = (context: Context, attempt: Attempt): Promise<number | null> =>
  countAttempt(context.db, keysOf(context, attempt), rules)

/** It was neither a failure nor a success: the password was right, and more is needed. */
export async function takeBack(context: Context, attempt: Attempt): Promise<void> {
  const keys = keysOf(context, attempt)
  await takeBackAttempt(context.db, keys.account)
  await takeBackAttempt(context.db, keys.address)
}

/**
 * The right person: failures of the account are forgotten, those of the place are not, or whoever has an account could clear
 * the way for guessing others. Always account before place, as they are counted: two of them never wait for each other.
 */
export async function forgetFailures(context: Context, tx: Executor, attempt: Attempt): Promise<void> {
  const keys = keysOf(context, attempt)
  await forgetAttempts(tx, keys.account)
  await takeBackAttempt(tx, keys.address)
}

/**
 * For whoever is signed in and gives a password or a code again: guessing is no cheaper here than at the sign-in.
 * @param isGuess whether this failure of `judge` counts; standard: each does
 */
export async function judgedAttempt<Result>(
  context: Context,
  asked: Asked & { actor: StaffActor },
  judge: () => Promise<Result>,
  isGuess: (failure: unknown) => boolean = () => true,
): Promise<Result> {
  const attempt = { email: asked.actor.email, address: asked.address }
  const seconds = await beginAttempt(context, attempt)
  if (seconds !== null) throw new AppError('too_many', waitSentence(seconds), {}, { retryAfterSeconds: seconds })
  let wasGuess = false
  try {
    return await judge()
  } catch (error) {
    wasGuess = isGuess(error)
    throw error
  } finally {
    if (!wasGuess) await takeBack(context, attempt)
  }
}
