import { messageFilter } from '@/core/requests'
import { csvHeaders } from '@/server/csv-stream'
import { exportMessages } from '@/server/export-messages'
import { handle, otherMethods } from '../../handle'

export const GET = handle({
  action: 'message.list',
  query: messageFilter,
  run: ({ context, query, requestId }) =>
    Promise.resolve({
      file: (mayStill) => exportMessages(context, query, { requestId, mayStill }),
      headers: csvHeaders('messages'),
    }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
