import { previewQuery } from '@/core/requests'
import { previewMessage } from '@/server/preview-message'
import { handle, otherMethods } from '../../../handle'
import { previewHeaders } from '../../../preview-headers'
import { messageParams } from '../../message-params'

export const GET = handle({
  action: 'message.preview',
  params: messageParams,
  query: previewQuery,
  run: async ({ context, actor, params, query: { part } }) => ({
    document: await previewMessage(context, actor, { id: params.id, part }),
    headers: previewHeaders(part),
  }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
