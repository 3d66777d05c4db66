import { z } from 'zod'
import { isStorable } from './storable'

/** Where a page of a list ends, as one text (base64url, RFC 4648 5) that callers hand back and need not read. ASCII only. */
export const toCursor = (place: readonly (string | number)[]): string =>
  btoa(JSON.stringify(place)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

const fault = 'This is not a cursor that we gave.'

/** Reads what `toCursor` made. */
export const cursorOf = <Place>(place: z.ZodType<Place>) =>
  z
    .string()
    .max(1000, fault)
    .transform((text, context) => {
      const read = place.safeParse(parsed(text))
      // Only here can its texts be looked at: the request showed base64.
      if (read.success && isStorable(read.data)) return read.data
      context.addIssue({ code: 'custom', message: fault })
      return z.NEVER
    })

function parsed(text: string): unknown {
  try {
    return JSON.parse(atob(text.replaceAll('-', '+').replaceAll('_', '/')))
  } catch {
    // Somebody made it up: no place of ours is null.
    return null
  }
}

/** An instant as Postgres wrote it for us, to the microsecond: a list would skip what came within one millisecond. */
export const exactInstant = z.iso
  .datetime({ precision: 6 })
  .refine((at) => at >= '2000', 'This year is not one of ours.')
