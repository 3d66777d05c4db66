import { listAuditQuery } from '@/core/audit-requests'
import { listAudit } from '@/server/list-audit'
import { handle, otherMethods } from '../handle'

export const GET = handle({
  action: 'audit.read',
  query: listAuditQuery,
  run: async ({ context, query }) => ({ body: { error: false, ...(await listAudit(context, query)) } }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
