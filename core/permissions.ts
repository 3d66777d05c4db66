import type { Role } from './roles'

/** What an API key may be allowed to do. */
export const scopes = ['users:read', 'users:write', 'messages:send', 'messages:read', 'messages:manage'] as const
export type Scope = (typeof scopes)[number]

/** Who asks: a member of staff in the browser, or another service with an API key. */
export type StaffActor = { kind: 'staff'; id: number; name: string; email: string; role: Role }
export type Actor = StaffActor | { kind: 'key'; id: number; name: string; scopes: readonly string[] }

const createable: Record<Role, readonly Role[]> = {
  super_admin: ['user', 'supporter', 'admin', 'super_admin'],
  admin: ['user', 'supporter'],
  supporter: ['user'],
  user: [],
}

/** The roles that this actor may give to a new account. A key acts for a service that we trust with every role. */
export function createableRoles(actor: Actor): readonly Role[] {
  return actor.kind === 'key' ? createable.super_admin : createable[actor.role]
}

export const canSignInToDashboard = (role: Role): boolean => role !== 'user'

/** Deleting takes the right to create that role; supporters delete nobody. */
export function canDelete(actor: Actor, target: { id: number; role: Role }): boolean {
  if (actor.kind === 'key') return true
  if (actor.id === target.id || actor.role === 'supporter') return false
  return createable[actor.role].includes(target.role)
}

/** Staff may do what their role allows; a key only what its scopes name. */
export const hasScope = (actor: Actor, scope: Scope): boolean => actor.kind === 'staff' || actor.scopes.includes(scope)
