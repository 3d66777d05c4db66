import { z } from 'zod'

export const messageParams = z.object({ id: z.uuid() })
