import { confirmSecondFactorRequest } from '@/core/second-factor-requests'
import { confirmSecondFactor } from '@/server/add-second-factor'
import { handle, otherMethods } from '../../../handle'

export const POST = handle({
  action: 'own.second_factor',
  body: confirmSecondFactorRequest,
  run: async ({ context, body, session, ...asked }) => ({
    body: {
      error: false,
      message: 'Second factor added',
      recovery_codes: await confirmSecondFactor(context, asked, { code: body.code, sessionId: session.id }),
    },
  }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
