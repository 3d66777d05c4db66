import { describe, expect, test } from 'vitest'
import { accountChanges } from './account-changes'

const account = {
  firstName: 'Ann',
  lastName: 'Doe',
  email: 'ann@example.com',
  role: 'supporter',
  status: 'active',
  mustChangePassword: false,
} as const
const nothing = { movesAddress: false, disables: false, raises: false, endsSessions: false, voidsFirstPassword: false }

test('only what differs is a change', () => {
  const request = { first_name: 'Ann', last_name: 'Roe', email: 'ann@example.com', role: 'supporter' } as const
  expect(accountChanges(account, request)).toEqual({
    changes: { lastName: 'Roe' },
    before: { last_name: 'Doe' },
    after: { last_name: 'Roe' },
    ...nothing,
  })
  expect(accountChanges(account, { role: 'supporter' })).toEqual({ changes: {}, before: {}, after: {}, ...nothing })
})

test('other capitals are written, and are the same mailbox', () => {
  expect(accountChanges(account, { email: 'Ann@Example.com' })).toMatchObject({
    changes: { email: 'Ann@Example.com' },
    movesAddress: false,
  })
})

describe('what follows', () => {
  test.each([
    ['another name', { first_name: 'Bea' }, nothing],
    ['another address', { email: 'bea@example.com' }, { ...nothing, movesAddress: true }],
    ['a higher role', { role: 'admin' }, { ...nothing, raises: true, endsSessions: true }],
    ['a lower role', { role: 'user' }, { ...nothing, endsSessions: true }],
    ['disabled', { status: 'disabled' }, { ...nothing, disables: true, endsSessions: true }],
  ] as const)('from %s', (_, request, expected) => {
    expect(accountChanges(account, request)).toMatchObject(expected)
  })

  test('from being enabled again: nothing comes back', () => {
    expect(accountChanges({ ...account, status: 'disabled' }, { status: 'active' })).toMatchObject(nothing)
  })

  test('a first password that went to the old address opens nothing any more', () => {
    const first = { ...account, mustChangePassword: true }
    expect(accountChanges(first, { email: 'bea@example.com' })).toMatchObject({
      voidsFirstPassword: true,
      endsSessions: true,
    })
    expect(accountChanges(first, { email: 'ANN@example.com' })).toMatchObject(nothing)
  })

  test('a first password that was chosen for a lower role opens nothing in a higher one', () => {
    const first = { ...account, mustChangePassword: true }
    expect(accountChanges(first, { role: 'admin' })).toMatchObject({ raises: true, voidsFirstPassword: true })
    expect(accountChanges(first, { role: 'user' })).toMatchObject({ raises: false, voidsFirstPassword: false })
  })
})
