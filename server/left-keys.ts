import type { Transaction } from '@/db/client'
import { findActiveKeysMadeBy } from '@/db/api-keys'

export type LeftKeys = { ids: number[]; sentence: string | null }

/**
 * What somebody who leaves, or may do less from now on, could still know: the keys that they made. They are not revoked with
 * them, for a service of the store would stand still without a word; whoever does it is told.
 */
export async function keysLeftBy(tx: Transaction, userId: number): Promise<LeftKeys> {
  const keys = await findActiveKeysMadeBy(tx, userId)
  if (keys.length === 0) return { ids: [], sentence: null }
  const names = keys.map(({ name }) => `"${name}"`).join(', ')
  const those =
    keys.length === 1 ? 'An API key that they made still works' : `${keys.length} API keys that they made still work`
  return { ids: keys.map(({ id }) => id), sentence: `${those}: ${names}. Revoke what they may still know.` }
}
