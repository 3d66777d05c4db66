import { z } from 'zod'

export const templateParams = z.object({ name: z.string() })
