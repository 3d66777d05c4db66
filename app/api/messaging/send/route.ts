import { sendMessageRequest } from '@/core/requests'
import { sendMessage } from '@/server/send-message'
import { handle, otherMethods } from '../../handle'

export const POST = handle({
  access: 'messages:send',
  body: sendMessageRequest,
  run: async ({ context, body, ...asked }) => {
    const { id, sensitive } = await sendMessage(context, asked, body)
    return {
      status: 202,
      body: { success: true, message: 'Message queued for delivery', id, ...(sensitive ? { sensitive } : {}) },
    }
  },
})

export const { GET, PUT, PATCH, DELETE } = otherMethods('POST')
