import { resetPasswordRequest } from '@/core/requests'
import { useOneTimeLink } from '@/server/use-one-time-link'
import { handle, otherMethods } from '../handle'

/** Only ever by POST: mail scanners open links, and must not use one up. */
export const POST = handle({
  action: 'password.reset',
  body: resetPasswordRequest,
  run: async ({ context, body, ...caller }) => ({
    body: { error: false, message: 'Your password is set', ...(await useOneTimeLink(context, caller, body)) },
  }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
