import { z } from 'zod'
import { addressSchema } from './address-schema'
import { cursorOf, exactInstant } from './cursor'
import { line, wholeNumber } from './requests'

/** Ordered by when they came, the newest first. */
export const listSuppressionsQuery = z.strictObject({
  search: z.string().trim().max(254).optional(),
  cursor: cursorOf(z.tuple([exactInstant, z.string().max(254)])).optional(),
  limit: wholeNumber(100).default(25),
})
export type ListSuppressionsQuery = z.output<typeof listSuppressionsQuery>

export const addSuppressionRequest = z.strictObject({ address: addressSchema, note: line(500).optional() })
export type AddSuppressionRequest = z.output<typeof addSuppressionRequest>

export const removeSuppressionQuery = z.strictObject({ reason: line(500).optional() })
