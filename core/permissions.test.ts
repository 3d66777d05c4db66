import { describe, expect, test } from 'vitest'
import {
  canDelete,
  canSignInToDashboard,
  createableRoles,
  hasScope,
  scopes,
  type Actor,
  type StaffActor,
} from './permissions'
import { isRole, roleLabel, roles, type Role } from './roles'

const staff = (role: Role, id = 1): StaffActor => ({ kind: 'staff', id, name: 'A', email: 'a@example.com', role })
const key = (...held: string[]): Actor => ({ kind: 'key', id: 1, name: 'shop', scopes: held })

/** Who (row) may do it to whom (column: user, supporter, admin, super_admin). */
const mayCreate: Record<Role, boolean[]> = {
  user: [false, false, false, false],
  supporter: [true, false, false, false],
  admin: [true, true, false, false],
  super_admin: [true, true, true, true],
}
const mayDelete: Record<Role, boolean[]> = { ...mayCreate, supporter: [false, false, false, false] }

describe.each(roles)('%s', (role) => {
  test('creates exactly the roles that they may', () => {
    expect(roles.map((target) => createableRoles(staff(role)).includes(target))).toEqual(mayCreate[role])
  })

  test('deletes exactly the roles that they may', () => {
    expect(roles.map((target) => canDelete(staff(role), { id: 2, role: target }))).toEqual(mayDelete[role])
  })

  test('never deletes themselves', () => {
    expect(canDelete(staff(role, 7), { id: 7, role })).toBe(false)
  })

  test('needs no scope: the role decides', () => {
    expect(scopes.filter((scope) => hasScope(staff(role), scope))).toEqual(scopes)
  })
})

test('only staff sign in to the dashboard', () => {
  expect(roles.filter(canSignInToDashboard)).toEqual(['supporter', 'admin', 'super_admin'])
})

describe('an API key', () => {
  test('may do what its scopes name, and nothing else', () => {
    for (const held of scopes) expect(scopes.filter((scope) => hasScope(key(held), scope))).toEqual([held])
    expect(scopes.filter((scope) => hasScope(key(), scope))).toEqual([])
    expect(scopes.filter((scope) => hasScope(key('users', 'users:*', 'USERS:READ'), scope))).toEqual([])
  })

  test('gives and deletes every role, whatever id it has itself', () => {
    expect(createableRoles(key())).toEqual(roles)
    expect(roles.every((role) => canDelete(key(), { id: 1, role }))).toBe(true)
  })
})

test('roles have the names that mails and pages show', () => {
  expect(roles.map(roleLabel)).toEqual(['User', 'Support Agent', 'Administrator', 'Super Administrator'])
  expect(['user', 'User', 'root', '', 'constructor'].filter(isRole)).toEqual(['user'])
})
