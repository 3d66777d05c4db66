import { getMessage } from '@/server/get-message'
import { handle, otherMethods } from '../../handle'
import { messageParams } from '../message-params'

export const GET = handle({
  action: 'message.read',
  params: messageParams,
  run: async ({ context, actor, params }) => ({
    body: { error: false, message: await getMessage(context, actor, params.id) },
  }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
