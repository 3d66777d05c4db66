import { z } from 'zod'
import { deliveryModes, isGuestEntry } from './delivery-mode'
import { scopes } from './permissions'
import { instant, line } from './requests'

/** An address, or every one of a domain as `@example.com`. */
const guestSchema = z.string().trim().refine(isGuestEntry, {
  error: 'Each entry is an address such as name@example.com, or a domain such as @example.com.',
})

/** Where a request may come from: an address, or a network as `203.0.113.0/24` or `2001:db8::/32`. */
const networkSchema = z
  .string()
  .trim()
  .pipe(
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
      error: 'Each entry is an IP address, or a network such as 203.0.113.0/24.',
    }),
  )

/** Each once, however often it was given. */
const listOf = <T extends z.ZodType<string>>(entry: T, most: number) =>
  z
    .array(entry)
    .max(most, `This list has at most ${most} entries.`)
    .transform((entries) => [...new Set(entries)])

export const createKeyRequest = z
  .strictObject({
    name: line(100),
    scopes: listOf(z.enum(scopes), scopes.length).refine((list) => list.length > 0, 'A key needs at least one scope.'),
    role: z.enum(['admin', 'super_admin']).optional(),
    kind: z.enum(deliveryModes).default('live'),
    guest_list: listOf(guestSchema, 500).default([]),
    allowed_addresses: listOf(networkSchema, 100).default([]),
    /** 0: no limit. */
    requests_per_minute: z.number().int().min(0).max(1_000_000).default(600),
    expires_at: instant.nullable().optional(),
  })
  .superRefine((request, context) => {
    if (request.kind === 'guest_list' || request.guest_list.length === 0) return
    const message = 'A guest list belongs to a key of the kind guest_list.'
    context.addIssue({ code: 'custom', path: ['guest_list'], message })
  })
export type CreateKeyRequest = z.output<typeof createKeyRequest>
