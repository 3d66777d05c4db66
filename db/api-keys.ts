import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Role } from '@/core/roles'
import type { Executor } from './client'
import { apiKeys } from './schema'

/** The key with this hash, unless it was revoked. Notes its use, at most once a minute. */
export async function findLiveKey(
  db: Executor,
  hash: Buffer,
): Promise<{ id: number; name: string; scopes: string[]; role: Role } | null> {
  const usedLongAgo = sql<boolean>`(${apiKeys.lastUsedAt} is null or ${apiKeys.lastUsedAt} < now() - interval '1 min')`
  const [key] = await db
    .select({ id: apiKeys.id, name: apiKeys.name, scopes: apiKeys.scopes, role: apiKeys.role, usedLongAgo })
    .from(apiKeys)
    .where(and(eq(apiKeys.hash, hash), isNull(apiKeys.revokedAt)))
  if (!key) return null
  if (key.usedLongAgo) {
    await db
      .update(apiKeys)
      .set({ lastUsedAt: sql`now()` })
      .where(and(eq(apiKeys.id, key.id), usedLongAgo))
  }
  return { id: key.id, name: key.name, scopes: key.scopes, role: key.role }
}
