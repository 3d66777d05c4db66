import { deadRecordParams } from '@/core/dead-record-requests'
import { getDeadRecord } from '@/server/get-dead-record'
import { handle, otherMethods } from '../../../../handle'

export const GET = handle({
  action: 'dead_record.read',
  params: deadRecordParams,
  run: async ({ context, params }) => ({ body: { error: false, dead_record: await getDeadRecord(context, params) } }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
