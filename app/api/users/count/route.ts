import { userFilter } from '@/core/requests'
import { countUsers } from '@/server/count-users'
import { handle, otherMethods } from '../../handle'

export const GET = handle({
  action: 'user.list',
  query: userFilter,
  run: async ({ context, query }) => ({ body: { error: false, ...(await countUsers(context, query)) } }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
