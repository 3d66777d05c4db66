import { resendInvitation } from '@/server/resend-invitation'
import { otherMethods } from '../../../handle'
import { handleOnce } from '../../../handle-once'
import { userParams } from '../../user-params'

export const POST = handleOnce({
  action: 'user.invite',
  params: userParams,
  run: ({ context, params, ...asked }) => resendInvitation(context, asked, params.id),
  answer: (invited) => ({
    status: 202,
    body: { error: false, message: 'Invitation queued for delivery', ...invited },
  }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
