import { editUserRequest } from '@/core/requests'
import { deleteUser } from '@/server/delete-user'
import { editUser } from '@/server/edit-user'
import { getOnboarding } from '@/server/get-onboarding'
import { getUser } from '@/server/get-user'
import { listNotes } from '@/server/notes'
import { handle, otherMethods } from '../../handle'
import { handleOnce } from '../../handle-once'
import { userParams } from '../user-params'

export const GET = handle({
  action: 'user.read',
  params: userParams,
  run: async ({ context, actor, params }) => {
    const [user, onboarding, notes] = await Promise.all([
      getUser(context, params.id),
      getOnboarding(context, params.id),
      // What staff write to each other is for nobody else.
      actor.kind === 'staff' ? listNotes(context, params.id) : null,
    ])
    return { body: { error: false, user, onboarding, ...(notes && { notes }) } }
  },
})

export const PATCH = handleOnce({
  action: 'user.edit',
  params: userParams,
  body: editUserRequest,
  run: ({ context, params, body, ...asked }) => editUser(context, asked, params.id, body),
  answer: ({ sentence, ...edited }) => ({ status: 200, body: { error: false, message: sentence, ...edited } }),
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
