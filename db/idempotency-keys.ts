import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Executor, Sql, Transaction } from './client'
import { idempotencyKeys } from './schema'

const life = sql`interval '24 hours'`

/** An answer as it was given. `body` is its text: jsonb would sort the fields, and the caller gets the same bytes again. */
export type KeptAnswer = { status: number; body: string }

/**
 * Only one request with this key goes on; the others wait here until it has committed or failed. The lock is of no table, so
 * that it also holds between two processes that keep hashes under different keys while those are changed.
 */
export async function lockIdempotencyKey(tx: Transaction, lock: bigint): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${lock.toString()}::bigint)`)
}

/** @param keyHashes of the same key, under each live secret */
export async function findKeptAnswer(
  db: Executor,
  asked: { caller: string; keyHashes: Buffer[] },
): Promise<(KeptAnswer & { requestHash: Buffer }) | null> {
  const [row] = await db
    .select()
    .from(idempotencyKeys)
    .where(
      and(
        eq(idempotencyKeys.caller, asked.caller),
        inArray(idempotencyKeys.keyHash, asked.keyHashes),
        sql`${idempotencyKeys.createdAt} > now() - ${life}`,
      ),
    )
  if (!row) return null
  return { status: row.status, body: String(row.answer['body']), requestHash: row.requestHash }
}

/** Takes the place of an answer that is older than 24 h; a younger one is never there, because the key is locked. */
export async function keepAnswer(
  tx: Transaction,
  kept: KeptAnswer & { caller: string; keyHash: Buffer; requestHash: Buffer },
): Promise<void> {
  const { caller, keyHash, requestHash, status } = kept
  const fresh = { requestHash, status, answer: { body: kept.body }, createdAt: sql`now()` }
  await tx
    .insert(idempotencyKeys)
    .values({ caller, keyHash, ...fresh })
    .onConflictDoUpdate({ target: [idempotencyKeys.caller, idempotencyKeys.keyHash], set: fresh })
}

/** Housekeeping: what no request can ask for any more. */
export async function eraseOldAnswers(sql: Sql): Promise<number> {
  const erased = await sql`delete from idempotency_keys where created_at < now() - interval '24 hours'`
  return erased.count
}
