import { resendInvitation } from '@/server/resend-invitation'
import { handle, otherMethods } from '../../../handle'
import { userParams } from '../../user-params'

export const POST = handle({
  access: 'users:write',
  params: userParams,
  run: async ({ context, params, ...asked }) => ({
    status: 202,
    body: {
      error: false,
      message: 'Invitation queued for delivery',
      ...(await resendInvitation(context, asked, params.id)),
    },
  }),
})

export const { GET, PUT, PATCH, DELETE } = otherMethods('POST')
