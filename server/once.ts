import { createHash } from 'node:crypto'
import { AppError } from '@/core/errors'
import type { Transaction } from '@/db/client'
import { findKeptAnswer, keepAnswer, lockIdempotencyKey, type KeptAnswer } from '@/db/idempotency-keys'
import { keyedHashes } from '@/runtime/seal'
import { auditNameOf, type Asked } from './actor'
import type { Context } from './context'
import { countMail } from './daily-limits'

/** A request that its caller may repeat without asking for it twice. */
export type Once<Result> = {
  /** The caller's Idempotency-Key. */
  key: string
  /** Everything that makes it the same request: method, path and body, in one text. */
  request: string
  answerOf: (result: Result) => KeptAnswer
}

export type AskedOnce<Result> = Asked & { once?: Once<Result> }

/** Thrown out of the transaction, so that nothing of the use case happens a second time. */
export class AnsweredBefore extends Error {
  override name = 'AnsweredBefore'

  constructor(readonly answer: KeptAnswer) {
    super('This request was answered before.')
  }
}

/**
 * The transaction of a use case. With an Idempotency-Key its answer is kept in that same transaction, for 24 h and for this
 * caller: whoever asks again gets it, also when the first answer was lost on its way. What fails or is refused keeps nothing.
 *
 * @param work the mail that it accepted, as `queued`, counts towards the limits of the day
 * @throws AnsweredBefore when the same request was done before; AppError `conflict` when the key was used for another one
 */
export function writeOnce<Result, Work extends { result: Result; queued?: { to: string } | null }>(
  { db, config }: Pick<Context, 'db' | 'config'>,
  { actor, once }: AskedOnce<Result>,
  work: (tx: Transaction) => Promise<Work>,
): Promise<Work> {
  // The counters are hot rows: taken last, they are held for the commit alone.
  const counted = async (tx: Transaction, done: Work): Promise<Work> => {
    if (done.queued) await countMail(config, tx, actor, done.queued.to)
    return done
  }
  if (!once) return db.transaction(async (tx) => counted(tx, await work(tx)))
  const caller = auditNameOf(actor)
  const keyHashes = keyedHashes(once.key, config.SECRETS_KEYS)
  const requestHashes = keyedHashes(once.request, config.SECRETS_KEYS)
  return db.transaction(async (tx) => {
    await lockIdempotencyKey(tx, lockOf(caller, once.key))
    const kept = await findKeptAnswer(tx, { caller, keyHashes })
    if (kept) {
      if (requestHashes.some((hash) => hash.equals(kept.requestHash))) throw new AnsweredBefore(kept)
      throw new AppError('conflict', 'This Idempotency-Key was used for another request in the last 24 hours.', {
        'Idempotency-Key': 'Please send a new key for a new request.',
      })
    }
    const done = await work(tx)
    const [keyHash, requestHash] = [keyHashes[0], requestHashes[0]]
    if (!keyHash || !requestHash) throw new Error('SECRETS_KEYS holds no key')
    await keepAnswer(tx, { caller, keyHash, requestHash, ...once.answerOf(done.result) })
    return counted(tx, done)
  })
}

/** A number for Postgres to lock. Two keys that share one only wait for each other. */
const lockOf = (caller: string, key: string): bigint =>
  createHash('sha256').update(`${caller}\n${key}`).digest().readBigInt64BE()
