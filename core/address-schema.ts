import { z } from 'zod'
import { isAddress } from './address'

const notAnAddress = 'This is not one complete mail address, such as name@example.com.'

export const addressSchema = z
  .string({ error: 'An address is needed.' })
  // Blanks around it are a slip of the hand; a line break is not.
  .refine((value) => !/[\p{Cc}\u2028\u2029]/u.test(value), notAnAddress)
  .transform((value) => value.trim())
  .refine(isAddress, notAnAddress)
