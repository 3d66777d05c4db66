import { expect, it } from 'vitest'
import { toCursor } from '@/core/cursor'
import { countPathOf, filterOf, pathOf, usersQuery } from './users-query'

const cursor = toCursor(['email', 'ann@example.com', 7])

it('asks the API for the page that the address names, and not for a count', () => {
  const path = pathOf(
    usersQuery({ search: 'ann', sort_by: 'email', cursor: ['older', cursor], create: '1', page: '9' }, 'Europe/Kyiv'),
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
  expect(usersQuery({ sort_by: 'role', cursor }, 'UTC').cursor).toBeUndefined()
  expect(usersQuery({ cursor: 'made-up' }, 'UTC').cursor).toBeUndefined()
})

it('counts all of the filter, whatever the page', () => {
  expect(countPathOf(filterOf({ mail: 'not_accepted', cursor, sort_by: 'email' }, 'UTC'))).toBe(
    '/api/users/count?mail=not_accepted',
  )
})

it('means the day of the reader, where a day is looked for', () => {
  expect(countPathOf(filterOf({ search: '24 Nov 2026' }, 'Europe/Paris'))).toBe(
    '/api/users/count?search=24+Nov+2026&zone=Europe%2FParis',
  )
  expect(usersQuery({ search: 'ann', zone: 'Asia/Tokyo' }, 'Europe/Kyiv').zone).toBeUndefined()
})
