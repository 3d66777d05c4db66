import { forgotPasswordRequest } from '@/core/requests'
import { forgotPassword } from '@/server/forgot-password'
import { handle, otherMethods } from '../handle'

/** Says the same whatever it finds: nobody learns here which addresses have accounts. */
export const POST = handle({
  action: 'password.forget',
  body: forgotPasswordRequest,
  run: async ({ context, body, requestId, address }) => {
    await forgotPassword(context, { requestId, address }, body)
    return {
      status: 202,
      body: {
        error: false,
        message: 'If there is an account with this address, a mail with a link is on its way.',
      },
    }
  },
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
