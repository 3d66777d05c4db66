import { signOutUser } from '@/server/sign-out-user'
import { handle, otherMethods } from '../../../handle'
import { userParams } from '../../user-params'

export const POST = handle({
  action: 'user.sign_out',
  params: userParams,
  run: async ({ context, params, ...asked }) => ({
    body: {
      error: false,
      message: 'User signed out everywhere',
      sessions_ended: await signOutUser(context, asked, params.id),
    },
  }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
