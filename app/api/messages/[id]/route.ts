import { z } from 'zod'
import { getMessage } from '@/server/get-message'
import { handle, otherMethods } from '../../handle'

export const GET = handle({
  access: 'messages:read',
  params: z.object({ id: z.uuid() }),
  run: async ({ context, params }) => ({ body: { error: false, message: await getMessage(context, params.id) } }),
})

export const { POST, PUT, PATCH, DELETE } = otherMethods('GET')
