import { z } from 'zod'
import { auditActions } from './audit-words'
import { instant, wholeNumber } from './requests'

/** Which rows of the audit log: everything that is given has to fit. */
export const auditFilter = z.strictObject({
  /** `user:5`, `key:1`, `system`, `nobody`. */
  actor: z.string().trim().max(100).optional(),
  /** Several: `action=user.created&action=user.deleted`, or with a comma between. */
  action: z
    .union([z.string().transform((value) => value.split(',')), z.array(z.string())])
    .pipe(z.array(z.enum(auditActions)))
    .optional(),
  /** `user:5`, `message:<id>`, `key:1`, `address:<address>`. */
  target: z.string().trim().max(300).optional(),
  from: instant.optional(),
  /** Before then. */
  to: instant.optional(),
  /** An id, or a part of a name or address. */
  search: z.string().trim().max(254).optional(),
})
export type AuditFilter = z.output<typeof auditFilter>

/** Newest first. */
export const listAuditQuery = z.strictObject({
  ...auditFilter.shape,
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'This is not a cursor that we gave.')
    .transform(Number)
    .optional(),
  limit: wholeNumber(100).default(25),
})
export type ListAuditQuery = z.output<typeof listAuditQuery>
