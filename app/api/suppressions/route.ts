import { addSuppressionRequest, listSuppressionsQuery } from '@/core/suppression-requests'
import { addSuppression } from '@/server/add-suppression'
import { listSuppressions } from '@/server/list-suppressions'
import { handle, otherMethods } from '../handle'
import { handleOnce } from '../handle-once'

export const GET = handle({
  action: 'suppression.list',
  query: listSuppressionsQuery,
  run: async ({ context, query }) => ({ body: { error: false, ...(await listSuppressions(context, query)) } }),
})

export const POST = handleOnce({
  action: 'suppression.add',
  body: addSuppressionRequest,
  run: ({ context, body, ...asked }) => addSuppression(context, asked, body),
  answer: ({ suppression, isNew }) => ({ status: isNew ? 201 : 200, body: { error: false, suppression } }),
})

export const { PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'POST')
