import type { Actor } from '@/core/permissions'

/** The name under which people later read who did something. */
export const nameOf = (actor: Actor): string => (actor.kind === 'staff' ? actor.name : `API key "${actor.name}"`)

/** The same for the audit, where names may change and ids do not. */
export const auditNameOf = (actor: Actor): string => `${actor.kind === 'staff' ? 'user' : 'key'}:${actor.id}`

/** Where a request came from, and the id under which it is logged and audited. */
export type Caller = { requestId: string; address: string }
/** Who asks. */
export type Asked = Caller & { actor: Actor }

/** What an audit row says of a request. */
export const auditOf = ({ actor, requestId, address }: Asked) => ({
  actor: auditNameOf(actor),
  actorName: nameOf(actor),
  requestId,
  address,
})
