import { setUpRequest } from '@/core/requests'
import { signInPage } from '@/core/sign-in'
import { setUp } from '@/server/set-up'
import { handle, otherMethods } from '../handle'

export const POST = handle({
  action: 'setup.use',
  body: setUpRequest,
  run: async ({ context, body, ...caller }) => {
    await setUp(context, { requestId: caller.requestId, address: caller.address }, body)
    return { status: 201, body: { error: false, message: 'The first Super Administrator is made', next: signInPage } }
  },
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
