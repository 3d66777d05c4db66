import { createUserRequest, listUsersQuery } from '@/core/requests'
import { createUser } from '@/server/create-user'
import { listUsers } from '@/server/list-users'
import { handle, otherMethods } from '../handle'

export const GET = handle({
  access: 'users:read',
  query: listUsersQuery,
  run: async ({ context, query }) => ({ body: { error: false, ...(await listUsers(context, query)) } }),
})

export const POST = handle({
  access: 'users:write',
  body: createUserRequest,
  run: async ({ context, body, ...asked }) => ({
    status: 201,
    body: { error: false, message: 'User created successfully', ...(await createUser(context, asked, body)) },
  }),
})

export const { PUT, PATCH, DELETE } = otherMethods('GET', 'POST')
