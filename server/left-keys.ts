import type { Transaction } from '@/db/client'
import { findActiveKeysMadeBy } from '@/db/api-keys'

/** A sentence for whoever does it, and the ids for the audit. */
export type LeftKeys = { sentence: string; detail: { active_keys: number[] } }

/**
 * What somebody who leaves, or may do less from now on, could still know: the keys that they made. They are not revoked with
 * them, for a service of the store would stand still without a word; whoever does it is told.
 * @returns null: there are none
 */
export async function keysLeftBy(tx: Transaction, userId: number): Promise<LeftKeys | null> {
  const keys = await findActiveKeysMadeBy(tx, userId)
  if (keys.length === 0) return null
  const names = keys.map(({ name }) => `"${name}"`).join(', ')
  const those =
    keys.length === 1 ? 'An API key that they made still works' : `${keys.length} API keys that they made still work`
  const sentence = `${those}: ${names}. Revoke what they may still know.`
  return { sentence, detail: { active_keys: keys.map(({ id }) => id) } }
}
