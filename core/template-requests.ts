import { z } from 'zod'
import { previewQuery } from './requests'

/** In the address of a frame, so that the frame can ask for it: servers take no longer one. */
const dataInAddress = z
  .string()
  .refine((text) => encodeURIComponent(text).length <= 8000, 'This is too long to be shown here.')
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      context.addIssue({ code: 'custom', message: 'This must be JSON.' })
      return z.NEVER
    }
  })
export const templateQuery = z.strictObject({ data: dataInAddress.optional() })
export const previewTemplateQuery = z.strictObject({ data: dataInAddress.optional(), ...previewQuery.shape })
export const testTemplateRequest = z.strictObject({ data: z.record(z.string(), z.unknown()) })
