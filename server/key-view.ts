import type { KeyView } from '@/core/views'
import type { StoredKey } from '@/db/api-keys'

const instant = (at: Date | null) => at?.toISOString() ?? null

/** A key as people and services see it: never more of it than its beginning. */
export const keyView = (key: StoredKey): KeyView => ({
  id: key.id,
  name: key.name,
  prefix: key.prefix,
  scopes: key.scopes,
  role: key.role,
  kind: key.kind,
  guest_list: key.guestList,
  allowed_addresses: key.allowedAddresses,
  requests_per_minute: key.requestsPerMinute,
  state: key.state,
  expires_at: instant(key.expiresAt),
  revoked_at: instant(key.revokedAt),
  last_used_at: instant(key.lastUsedAt),
  created_by: key.createdByName,
  created_at: key.createdAt.toISOString(),
})
