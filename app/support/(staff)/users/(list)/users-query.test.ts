import { expect, it } from 'vitest'
import { toCursor } from '@/core/cursor'
import { countPathOf, filterOf, pathOf, usersQuery } from './users-query'

const cursor = toCursor(['email', 'ann@example.com', 7])

it('asks the API for the page that the address names, and not for a count', () => {
  const path = pathOf(
    usersQuery({ search: 'ann', sort_by: 'email', cursor: ['older', cursor], create: '1', page: '9' }),
  )
  const { searchParams } = new URL(path, 'http://localhost')
  expect(Object.fromEntries(searchParams)).toEqual({
    search: 'ann',
    sort_by: 'email',
    sort_order: 'desc',
    page: '1',
    page_size: '25',
    cursor,
    count: 'none',
  })
})

it('begins anew where an old link holds a place in another order, or one that is made up', () => {
  expect(usersQuery({ sort_by: 'role', cursor }).cursor).toBeUndefined()
  expect(usersQuery({ cursor: 'made-up' }).cursor).toBeUndefined()
})

it('counts all of the filter, whatever the page', () => {
  expect(countPathOf(filterOf({ mail: 'not_accepted', cursor, sort_by: 'email' }))).toBe(
    '/api/users/count?mail=not_accepted',
  )
})
