import { openLinkRequest } from '@/core/requests'
import { openOneTimeLink } from '@/server/use-one-time-link'
import { handle, otherMethods } from '../../handle'

export const POST = handle({
  action: 'link.open',
  body: openLinkRequest,
  run: async ({ context, body, ...caller }) => ({
    body: { error: false, ...(await openOneTimeLink(context, caller, body)) },
  }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
