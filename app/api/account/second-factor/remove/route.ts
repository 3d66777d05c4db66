import { removeSecondFactorRequest } from '@/core/second-factor-requests'
import { removeOwnSecondFactor } from '@/server/remove-second-factor'
import { handle, otherMethods } from '../../../handle'

export const POST = handle({
  action: 'own.second_factor',
  body: removeSecondFactorRequest,
  run: async ({ context, body, ...asked }) => {
    await removeOwnSecondFactor(context, asked, body)
    return { body: { error: false, message: 'Second factor removed' } }
  },
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
