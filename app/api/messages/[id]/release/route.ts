import { releaseMessage } from '@/server/release-message'
import { otherMethods } from '../../../handle'
import { handleOnce } from '../../../handle-once'
import { messageParams } from '../../message-params'

export const POST = handleOnce({
  action: 'message.release',
  params: messageParams,
  run: ({ context, params, ...asked }) => releaseMessage(context, asked, params.id),
  answer: ({ id }) => ({ status: 202, body: { success: true, message: 'Message released for delivery', id } }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
