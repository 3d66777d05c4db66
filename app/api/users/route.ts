import { createUserRequest, listUsersQuery } from '@/core/requests'
import { createUser } from '@/server/create-user'
import { listUsers } from '@/server/list-users'
import { handle, otherMethods } from '../handle'
import { handleOnce } from '../handle-once'

export const GET = handle({
  action: 'user.list',
  query: listUsersQuery,
  run: async ({ context, query }) => ({ body: { error: false, ...(await listUsers(context, query)) } }),
})

export const POST = handleOnce({
  action: 'user.create',
  body: createUserRequest,
  run: ({ context, body, ...asked }) => createUser(context, asked, body),
  answer: (created) => ({
    status: 201,
    body: { error: false, message: 'User created successfully', ...created },
  }),
})

export const { PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'POST')
