import { auditFilter } from '@/core/audit-requests'
import { csvHeaders } from '@/server/csv-stream'
import { exportAudit } from '@/server/export-audit'
import { handle, otherMethods } from '../../handle'

export const GET = handle({
  action: 'audit.read',
  query: auditFilter,
  run: ({ context, query, requestId }) =>
    Promise.resolve({
      file: (mayStill) => exportAudit(context, query, { requestId, mayStill }),
      headers: csvHeaders('audit'),
    }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
