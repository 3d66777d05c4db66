import { expect, it } from 'vitest'
import { listMessagesQuery, listUsersQuery } from '@/core/requests'
import { lenientQuery, parametersOf, toSearch } from './list-query'

it('takes what fits and leaves out what does not', () => {
  const query = lenientQuery(listUsersQuery, { page: '3', sort_by: 'nothing', role: 'admin', create: '1', search: '' })
  expect(query).toEqual({ page: 3, page_size: 10, sort_by: 'created_at', sort_order: 'desc', role: 'admin' })
})

it('survives the way into an address and back', () => {
  const query = lenientQuery(listMessagesQuery, { status: ['dead', 'retrying'], search: 'a&b=c %' })
  expect(lenientQuery(listMessagesQuery, parametersOf(new URLSearchParams(toSearch(query))))).toEqual(query)
})

it('leaves out what Postgres cannot store', () => {
  for (const search of ['\0', 'a\ud83c']) expect(lenientQuery(listUsersQuery, { search })).not.toHaveProperty('search')
})

it.each(['constructor', 'toString', '__proto__'])('does not take %s for a parameter of a list', (name) => {
  const query = lenientQuery(listUsersQuery, parametersOf(new URLSearchParams({ [name]: '1' })))
  expect(query).toEqual(lenientQuery(listUsersQuery, {}))
})
