import { resetPasswordRequest } from '@/core/requests'
import { useOneTimeLink } from '@/server/use-one-time-link'
import { handle, otherMethods } from '../handle'

/** Only ever by POST: mail scanners open links, and must not use one up. */
export const POST = handle({
  access: 'anyone',
  body: resetPasswordRequest,
  run: async ({ context, requestId, body }) => ({
    body: { error: false, message: 'Your password is set', ...(await useOneTimeLink(context, requestId, body)) },
  }),
})

export const { GET, PUT, PATCH, DELETE } = otherMethods('POST')
