import { cancelMessage } from '@/server/cancel-message'
import { otherMethods } from '../../../handle'
import { handleOnce } from '../../../handle-once'
import { messageParams } from '../../message-params'

export const POST = handleOnce({
  action: 'message.cancel',
  params: messageParams,
  run: ({ context, params, ...asked }) => cancelMessage(context, asked, params.id),
  answer: ({ id }) => ({ status: 200, body: { success: true, message: 'Message cancelled', id } }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
