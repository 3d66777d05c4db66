import { lenientQuery, trailOf, type PageParameters } from '@/app/_ui/list-query'
import { auditFilter, listAuditQuery, type AuditFilter, type ListAuditQuery } from '@/core/audit-requests'

export const auditQuery = (parameters: PageParameters): ListAuditQuery =>
  lenientQuery(listAuditQuery, { ...parameters, cursor: trailOf(parameters).at(-1) })

/** What an export takes with it: all rows of the filter, not only this page. */
export const filterOf = (parameters: PageParameters): AuditFilter => lenientQuery(auditFilter, parameters)
