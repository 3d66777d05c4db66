import { listMessagesQuery } from '@/core/requests'
import { listMessages } from '@/server/list-messages'
import { handle, otherMethods } from '../handle'

export const GET = handle({
  action: 'message.list',
  query: listMessagesQuery,
  run: async ({ context, query }) => ({ body: { error: false, ...(await listMessages(context, query)) } }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
