import { describe, expect, test } from 'vitest'
import {
  can,
  canSignInToDashboard,
  createableRoles,
  policy,
  scopes,
  whyNot,
  type Action,
  type Actor,
} from './permissions'
import { isRole, roleLabel, roles, type Role } from './roles'

const staff = (role: Role, id = 1): Actor => ({ kind: 'staff', id, name: 'A', email: 'a@example.com', role })
const key = (held: readonly string[], role: Role = 'super_admin'): Actor => ({
  kind: 'key',
  mail: { mode: 'live', guestList: [] },
  id: 1,
  name: 'shop',
  scopes: held,
  role,
})
const actions = Object.keys(policy) as Action[]
/** Those that take a known actor. */
const guarded = actions.filter((action) => typeof policy[action].who !== 'string')

/** Who (row) may touch whom (column: user, supporter, admin, super_admin). */
const reach: Record<Role, boolean[]> = {
  user: [false, false, false, false],
  supporter: [true, false, false, false],
  admin: [true, true, false, false],
  super_admin: [true, true, true, true],
}

describe.each(roles)('%s', (role) => {
  test('gives exactly the roles that they may', () => {
    expect(roles.map((target) => createableRoles(staff(role)).includes(target))).toEqual(reach[role])
    expect(roles.map((target) => can(staff(role), 'user.create', { id: 2, role: target }))).toEqual(reach[role])
  })

  test.each(['user.edit', 'user.change_role', 'user.disable', 'user.delete', 'user.sign_out'] as const)(
    '%s: exactly the accounts below, and for supporters none',
    (action) => {
      const mine = role === 'supporter' ? reach.user : reach[role]
      expect(roles.map((target) => can(staff(role), action, { id: 2, role: target }))).toEqual(mine)
    },
  )

  test.each(['user.change_role', 'user.disable', 'user.delete'] as const)('%s: never to themselves', (action) => {
    expect(can(staff(role, 7), action, { id: 7, role })).toBe(false)
  })

  test('a key made by them reaches no further than they do', () => {
    expect(roles.map((target) => can(key(scopes, role), 'user.create', { id: 2, role: target }))).toEqual(reach[role])
  })
})

test('what each role may do at all', () => {
  const only = (role: Role) => guarded.filter((action) => can(staff(role), action))
  expect(only('user')).toEqual([])
  expect(only('supporter')).toEqual([
    'own.account',
    'own.second_factor',
    'user.list',
    'user.read',
    'user.create',
    'user.invite',
    'note.add',
    'note.remove',
    'message.list',
    'message.read',
    'message.preview',
    'message.send',
    'message.resend',
    'message.cancel',
    'answer.read',
    'delivery.read',
    'search.read',
    'live.read',
    'template.preview',
    'template.test',
    'suppression.list',
    'suppression.add',
  ])
  expect(guarded.filter((action) => !can(staff('admin'), action))).toEqual(['settings.change'])
  expect(only('super_admin')).toEqual(guarded)
})

test('only staff sign in to the dashboard', () => {
  expect(roles.filter(canSignInToDashboard)).toEqual(['supporter', 'admin', 'super_admin'])
})

const needed = (action: Action) => {
  const rule = policy[action]
  return 'scope' in rule ? rule.scope : null
}

describe('an API key', () => {
  test.each(scopes)('with %s may do what that scope names, and nothing else', (scope) => {
    expect(guarded.filter((action) => can(key([scope]), action))).toEqual(
      guarded.filter((action) => needed(action) === scope),
    )
  })

  test('with names that only look like scopes may do nothing', () => {
    expect(guarded.filter((action) => can(key(['users', 'users:*', 'USERS:READ']), action))).toEqual([])
  })

  test('is told which scope it lacks, or that no key may', () => {
    expect(whyNot(key([]), 'message.send')).toBe('This API key lacks the scope messages:send.')
    expect(whyNot(key(scopes), 'audit.read')).toBe('This is done in the dashboard, not with an API key.')
  })

  test('is nobody: that it has the id of the account does not count as itself', () => {
    expect(can(key(scopes), 'user.delete', { id: 1, role: 'user' })).toBe(true)
  })
})

test('a refusal says why', () => {
  expect(whyNot(staff('supporter'), 'audit.read')).toBe('Your role, Support Agent, does not include this.')
  expect(whyNot(staff('admin', 7), 'user.delete', { id: 7, role: 'admin' })).toBe(
    'You cannot do this to your own account.',
  )
  expect(whyNot(staff('admin'), 'user.delete', { id: 2, role: 'super_admin' })).toBe(
    'You may not do this to an account with the role Super Administrator.',
  )
})

test('roles have the names that mails and pages show', () => {
  expect(roles.map(roleLabel)).toEqual(['User', 'Support Agent', 'Administrator', 'Super Administrator'])
  expect(['user', 'User', 'root', '', 'constructor'].filter(isRole)).toEqual(['user'])
})
