import { searchQuery } from '@/core/requests'
import { search } from '@/server/search'
import { handle, otherMethods } from '../handle'

export const GET = handle({
  action: 'search.read',
  query: searchQuery,
  run: async ({ context, query }) => ({ body: { error: false, ...(await search(context, query.q)) } }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
