import { removeSecondFactorOf } from '@/server/remove-second-factor'
import { handle, otherMethods } from '../../../handle'
import { userParams } from '../../user-params'

export const DELETE = handle({
  action: 'user.remove_second_factor',
  params: userParams,
  run: async ({ context, params, ...asked }) => {
    await removeSecondFactorOf(context, asked, params.id)
    return { body: { error: false, message: 'Second factor removed' } }
  },
})

export const { GET, POST, PUT, PATCH, OPTIONS } = otherMethods('DELETE')
