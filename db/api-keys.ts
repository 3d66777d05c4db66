import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { KeyRole } from '@/core/permissions'
import { quotaOf, type Quota } from '@/core/quota'
import type { Database, Executor, Transaction } from './client'
import { takingTokens } from './rate-limits'
import { apiKeys } from './schema'

type Row = typeof apiKeys.$inferSelect
export type NewKey = Omit<typeof apiKeys.$inferInsert, 'role' | 'expiresAt'> & {
  role: KeyRole
  /** As RFC 3339; null: it does not end. */
  expiresAt: string | null
}
export type StoredKey = Omit<Row, 'hash' | 'role'> & { role: KeyRole; state: 'active' | 'expired' | 'revoked' }

export type UsedKey = Pick<StoredKey, 'id' | 'name' | 'scopes' | 'role' | 'kind' | 'guestList' | 'allowedAddresses'> & {
  state: StoredKey['state']
  expiresAt: string | null
  /** What is left of its requests; null: no limit, or the key is at its end. */
  quota: Quota | null
}

const windowSeconds = 60

const state = sql<StoredKey['state']>`
  case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'active' end`

/**
 * The key with this hash, one request of its limit taken if it is counted, in one statement. Notes its use, at most once a minute. Nobody waits
 * for the disk because of it: a crash may give back the last few requests.
 */
export async function useKey(db: Database, hash: Buffer, isCounted: boolean): Promise<UsedKey | null> {
  const limit = sql`(select requests_per_minute from found)::float8`
  const taking = takingTokens({
    from: sql`select bucket, requests_per_minute - 1 from found where ${isCounted} and state = 'active' and requests_per_minute > 0`,
    capacity: limit,
    refillPerSecond: sql`${limit} / ${windowSeconds}::float8`,
  })
  const [key] = await db.execute<
    Omit<UsedKey, 'quota'> & { limit: number; tokens: number | null; taken: boolean | null; used_long_ago: boolean }
  >(sql`
    with found as materialized (
      select *, ${state} as state, 'key:' || id as bucket, set_config('synchronous_commit', 'off', true)
      from api_keys where hash = ${hash}
    ), taking as (${taking})
    select id, name, scopes, role, kind, guest_list as "guestList", allowed_addresses as "allowedAddresses", state,
      to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "expiresAt",
      last_used_at is null or last_used_at < now() - interval '1 min' as used_long_ago,
      requests_per_minute as "limit", taking.taken, taking.tokens
    from found left join taking on true`)
  if (!key) return null
  const { limit: perMinute, tokens, taken, used_long_ago: usedLongAgo, ...used } = key
  if (usedLongAgo && used.state === 'active') await noteUse(db, used.id)
  const isLimited = tokens !== null && taken !== null
  return { ...used, quota: isLimited ? quotaOf({ limit: perMinute, windowSeconds, tokens, taken }) : null }
}

/** The keys that still work and that this person made, as the audit tells: a key itself belongs to a service. */
export async function findActiveKeysMadeBy(db: Executor, userId: number): Promise<{ id: number; name: string }[]> {
  return [
    ...(await db.execute<{ id: number; name: string }>(sql`
      select api_keys.id, api_keys.name from audit_log join api_keys on audit_log.target = 'key:' || api_keys.id
      where audit_log.actor = ${`user:${userId}`} and audit_log.action = 'key.created' and ${state} = 'active'
      order by api_keys.id`)),
  ]
}

async function noteUse(db: Database, id: number): Promise<void> {
  await db
    .update(apiKeys)
    .set({ lastUsedAt: sql`now()` })
    .where(
      and(eq(apiKeys.id, id), sql`(${apiKeys.lastUsedAt} is null or ${apiKeys.lastUsedAt} < now() - interval '1 min')`),
    )
}

/** More keys than anybody has; nobody turns pages for them. */
const atMost = 1_000

/** Of these roles, the newest first. */
export async function listKeys(db: Executor, roles: readonly KeyRole[]): Promise<StoredKey[]> {
  const rows = await db
    .select({ key: apiKeys, state })
    .from(apiKeys)
    .where(inArray(apiKeys.role, [...roles]))
    .orderBy(desc(apiKeys.id))
    .limit(atMost)
  return rows.map(toStored)
}

/** @returns null when its end has passed already; only Postgres knows the time */
export async function insertKey(tx: Transaction, key: NewKey): Promise<StoredKey | null> {
  const { expiresAt, ...values } = key
  const [row] = await tx
    .insert(apiKeys)
    .values({ ...values, expiresAt: expiresAt === null ? null : new Date(expiresAt) })
    .returning({ id: apiKeys.id, state })
  if (!row) throw new Error('The key was not written')
  return row.state === 'active' ? findKey(tx, row.id) : null
}

/** Locked, so that of two who revoke it at once one is told that it is revoked. */
export async function lockKey(tx: Transaction, id: number): Promise<StoredKey | null> {
  await tx.select({ id: apiKeys.id }).from(apiKeys).where(eq(apiKeys.id, id)).for('update')
  return findKey(tx, id)
}

export async function revokeKey(tx: Transaction, id: number): Promise<void> {
  await tx
    .update(apiKeys)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
}

async function findKey(db: Executor, id: number): Promise<StoredKey | null> {
  const [row] = await db.select({ key: apiKeys, state }).from(apiKeys).where(eq(apiKeys.id, id))
  return row ? toStored(row) : null
}

function toStored({ key, state: isIn }: { key: Row; state: StoredKey['state'] }): StoredKey {
  const { hash: _, role, ...shown } = key
  return { ...shown, role: role === 'admin' ? 'admin' : 'super_admin', state: isIn }
}
