import { sendMessageRequest } from '@/core/requests'
import { sendMessage } from '@/server/send-message'
import { otherMethods } from '../../handle'
import { handleOnce } from '../../handle-once'

export const POST = handleOnce({
  action: 'message.send',
  body: sendMessageRequest,
  run: ({ context, body, ...asked }) => sendMessage(context, asked, body),
  answer: ({ id, sensitive, send_at }) => ({
    status: 202,
    body: {
      success: true,
      message: 'Message queued for delivery',
      id,
      ...(sensitive ? { sensitive } : {}),
      ...(send_at === null ? {} : { send_at }),
    },
  }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
