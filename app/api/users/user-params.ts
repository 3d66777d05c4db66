import { z } from 'zod'

const id = z
  .string()
  .regex(/^[1-9]\d{0,8}$/)
  .transform(Number)

export const userParams = z.object({ id })
export const noteParams = z.object({ id, note: id })
