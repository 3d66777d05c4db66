import { retryMessage } from '@/server/retry-message'
import { otherMethods } from '../../../handle'
import { handleOnce } from '../../../handle-once'
import { messageParams } from '../../message-params'

export const POST = handleOnce({
  action: 'message.retry',
  params: messageParams,
  run: ({ context, params, ...asked }) => retryMessage(context, asked, params.id),
  answer: ({ id }) => ({ status: 202, body: { success: true, message: 'Message queued for delivery', id } }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
