import { messageFilter } from '@/core/requests'
import { countMessages } from '@/server/count-messages'
import { handle, otherMethods } from '../../handle'

export const GET = handle({
  action: 'message.list',
  query: messageFilter,
  run: async ({ context, query }) => ({ body: { error: false, ...(await countMessages(context, query)) } }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
