import { auditFilter } from '@/core/requests'
import { exportAudit } from '@/server/export-audit'
import { handle, otherMethods } from '../../handle'

export const GET = handle({
  action: 'audit.read',
  query: auditFilter,
  run: ({ context, query, requestId }) =>
    Promise.resolve({
      file: exportAudit(context, query, requestId),
      headers: {
        'Content-Type': 'text/csv; charset=utf-8; header=present',
        'Content-Disposition': `attachment; filename="audit-${new Date().toISOString().slice(0, 10)}.csv"`,
      },
    }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
