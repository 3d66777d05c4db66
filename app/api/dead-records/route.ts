import { listDeadRecordsQuery } from '@/core/dead-record-requests'
import { listDeadRecords } from '@/server/list-dead-records'
import { handle, otherMethods } from '../handle'

export const GET = handle({
  action: 'dead_record.list',
  query: listDeadRecordsQuery,
  run: async ({ context, query }) => ({ body: { error: false, ...(await listDeadRecords(context, query)) } }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
