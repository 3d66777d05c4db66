import type { Actor } from '@/core/permissions'

/** The name under which people later read who did something. */
export const nameOf = (actor: Actor): string => (actor.kind === 'staff' ? actor.name : `API key "${actor.name}"`)

/** The same for the audit, where names may change and ids do not. */
export const auditNameOf = (actor: Actor): string => `${actor.kind === 'staff' ? 'user' : 'key'}:${actor.id}`

/** Who asks, and under which request id it is logged and audited. */
export type Asked = { actor: Actor; requestId: string }
