import type { DeliveryRule } from './delivery-mode'
import { roleLabel, type Role } from './roles'

/** What an API key may be allowed to do. */
export const scopes = ['users:read', 'users:write', 'messages:send', 'messages:read', 'messages:manage'] as const
export type Scope = (typeof scopes)[number]

/** Who asks: a member of staff in the browser, or another service with an API key. */
export type StaffActor = { kind: 'staff'; id: number; name: string; email: string; role: Role }
type KeyActor = {
  kind: 'key'
  id: number
  name: string
  scopes: readonly string[]
  /** It reaches as far as the role of whoever made it: an admin's key opens no account for an admin. */
  role: Role
  /** To whom its mail goes. */
  mail: DeliveryRule
}
export type Actor = StaffActor | KeyActor

/** How far an API key may reach. */
export type KeyRole = Extract<Role, 'admin' | 'super_admin'>

/** Whom an action is done to. */
export type Target = { id: number; role: Role }

type Rule =
  | { who: 'anyone' }
  /** Whoever is signed in, with a first password too. */
  | { who: 'session' }
  | {
      who: readonly Role[]
      /** What a key needs for it; null: nothing that a key may do. */
      scope: Scope | null
      /** Done to accounts: only to those whose role the actor may give. */
      reach?: 'roles below'
      /** Nobody does this to themselves. */
      notToSelf?: true
    }

const staff = ['supporter', 'admin', 'super_admin'] as const
const admins = ['admin', 'super_admin'] as const
const superAdmins = ['super_admin'] as const

/**
 * The one table of who may do what. Every route names its action (app/api/handle.ts), use cases ask again with the target,
 * and pages hide or explain by the same table. `app/api/policy.int.test.ts` walks every role through every route.
 */
export const policy = {
  'health.read': { who: 'anyone' },
  /** Signing in and out, by next-auth. */
  'session.open': { who: 'anyone' },
  'password.forget': { who: 'anyone' },
  'password.reset': { who: 'anyone' },
  /** Whoever holds the link. */
  'link.open': { who: 'anyone' },
  /** With the link from the server's log, while there is no super_admin. */
  'setup.use': { who: 'anyone' },
  /** Answers 404 whoever asks. */
  'nothing.read': { who: 'anyone' },
  'own.password': { who: 'session' },

  /** One's own sessions. */
  'own.account': { who: staff, scope: null },
  /** Also for who must add one before anything else. */
  'own.second_factor': { who: staff, scope: null },

  'user.list': { who: staff, scope: 'users:read' },
  'user.read': { who: staff, scope: 'users:read' },
  'user.create': { who: staff, scope: 'users:write', reach: 'roles below' },
  'user.invite': { who: staff, scope: 'users:write', reach: 'roles below' },
  'user.edit': { who: admins, scope: 'users:write', reach: 'roles below' },
  'user.change_role': { who: admins, scope: 'users:write', reach: 'roles below', notToSelf: true },
  'user.disable': { who: admins, scope: 'users:write', reach: 'roles below', notToSelf: true },
  'user.delete': { who: admins, scope: 'users:write', reach: 'roles below', notToSelf: true },
  /** Ends their sessions. */
  'user.sign_out': { who: admins, scope: null, reach: 'roles below' },
  /** One's own goes with its code only. */
  'user.remove_second_factor': { who: admins, scope: null, reach: 'roles below', notToSelf: true },

  /** What staff want each other to know about somebody. */
  'note.add': { who: staff, scope: null },
  /** One's own; administrators, anybody's. */
  'note.remove': { who: staff, scope: null },

  'message.list': { who: staff, scope: 'messages:read' },
  'message.read': { who: staff, scope: 'messages:read' },
  /** The mail itself, as it was rendered; its secrets masked for everybody. */
  'message.preview': { who: staff, scope: 'messages:read' },
  /** The same of mail about somebody's access. */
  'message.preview_security': { who: admins, scope: 'messages:read' },
  'message.send': { who: staff, scope: 'messages:send' },
  'message.resend': { who: staff, scope: 'messages:manage' },
  /** Mail about somebody's access: only to those whose access the actor may give. */
  'message.cancel': { who: staff, scope: 'messages:manage', reach: 'roles below' },
  'message.retry': { who: admins, scope: 'messages:manage' },
  /** Mail that a key or the whole installation holds back. */
  'message.release': { who: admins, scope: null },
  /** "Did they get it?" */
  'answer.read': { who: staff, scope: null },
  'delivery.read': { who: staff, scope: 'messages:read' },
  /** Any person and any message, from the palette of commands. */
  'search.read': { who: staff, scope: null },
  /** What changes, while a page of the dashboard is open. */
  'live.read': { who: staff, scope: null },

  /** How a kind of mail looks, with sample data. */
  'template.preview': { who: staff, scope: null },
  /** The same as a mail to oneself. */
  'template.test': { who: staff, scope: null },

  'suppression.list': { who: staff, scope: 'messages:manage' },
  /** Of an address that an account has: or its holder would hear of nothing that is done to it. */
  'suppression.add': { who: staff, scope: 'messages:manage', reach: 'roles below' },
  'suppression.remove': { who: admins, scope: 'messages:manage', reach: 'roles below' },
  'dead_record.list': { who: admins, scope: 'messages:manage' },
  'dead_record.read': { who: admins, scope: 'messages:manage' },

  'audit.read': { who: admins, scope: null },
  'key.list': { who: admins, scope: null },
  'key.create': { who: admins, scope: null },
  'key.revoke': { who: admins, scope: null },
  /** For which roles the second factor is a must. */
  'settings.read': { who: admins, scope: null },
  'settings.change': { who: superAdmins, scope: null },
} as const satisfies Record<string, Rule>

export type Action = keyof typeof policy
const rules: Record<Action, Rule> = policy

/** The actions that need no known actor, or only a session. */
export type OpenAction = { [A in Action]: (typeof policy)[A] extends { who: 'anyone' } ? A : never }[Action]
export type SessionAction = { [A in Action]: (typeof policy)[A] extends { who: 'session' } ? A : never }[Action]

export const isOpen = (action: Action): action is OpenAction => rules[action].who === 'anyone'
export const isForSession = (action: Action): action is SessionAction => rules[action].who === 'session'

/** The roles that each role may give, and whose accounts it may touch. */
const below: Record<Role, readonly Role[]> = {
  super_admin: ['user', 'supporter', 'admin', 'super_admin'],
  admin: ['user', 'supporter'],
  supporter: ['user'],
  user: [],
}

/** The roles that this actor may give to a new account. */
export const createableRoles = (actor: Actor): readonly Role[] => below[actor.role]

/** The keys that staff of this role see and revoke, by the role that the key has. */
export const keyRoles = ({ role }: StaffActor): readonly KeyRole[] =>
  role === 'super_admin' ? ['super_admin', 'admin'] : role === 'admin' ? ['admin'] : []

/** Why this actor may not do it, in one sentence; null when they may. Without a target: whether they may at all. */
export function whyNot(actor: Actor, action: Action, target?: Target): string | null {
  const rule = rules[action]
  if (rule.who === 'anyone' || rule.who === 'session') return null
  if (actor.kind === 'key') {
    if (rule.scope === null) return 'This is done in the dashboard, not with an API key.'
    if (!actor.scopes.includes(rule.scope)) return `This API key lacks the scope ${rule.scope}.`
  } else {
    if (!rule.who.includes(actor.role)) return `Your role, ${roleLabel(actor.role)}, does not include this.`
  }
  if (!target) return null
  if (rule.notToSelf && actor.kind === 'staff' && actor.id === target.id) {
    return 'You cannot do this to your own account.'
  }
  if (rule.reach && !below[actor.role].includes(target.role)) {
    return `You may not do this to an account with the role ${roleLabel(target.role)}.`
  }
  return null
}

export const can = (actor: Actor, action: Action, target?: Target): boolean => whyNot(actor, action, target) === null

export const canSignInToDashboard = (role: Role): boolean => role !== 'user'
