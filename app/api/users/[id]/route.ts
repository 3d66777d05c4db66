import { editUserRequest } from '@/core/requests'
import { deleteUser } from '@/server/delete-user'
import { editUser } from '@/server/edit-user'
import { getUser } from '@/server/get-user'
import { handle, otherMethods } from '../../handle'
import { userParams } from '../user-params'

export const GET = handle({
  action: 'user.read',
  params: userParams,
  run: async ({ context, params }) => ({ body: { error: false, user: await getUser(context, params.id) } }),
})

export const PATCH = handle({
  action: 'user.edit',
  params: userParams,
  body: editUserRequest,
  run: async ({ context, params, body, ...asked }) => {
    const { sentence, ...edited } = await editUser(context, asked, params.id, body)
    return { body: { error: false, message: sentence, ...edited } }
  },
})

export const DELETE = handle({
  action: 'user.delete',
  params: userParams,
  run: async ({ context, params, ...asked }) => {
    const left = await deleteUser(context, asked, params.id)
    return { body: { error: false, message: 'User deleted successfully', ...(left !== null && { next_step: left }) } }
  },
})

export const { POST, PUT, OPTIONS } = otherMethods('GET', 'PATCH', 'DELETE')
