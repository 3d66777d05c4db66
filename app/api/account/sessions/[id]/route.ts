import { z } from 'zod'
import { endOwnSession } from '@/server/end-sessions'
import { handle, otherMethods } from '../../../handle'

export const DELETE = handle({
  action: 'own.account',
  params: z.object({ id: z.uuid() }),
  run: async ({ context, params, ...asked }) => {
    await endOwnSession(context, asked, params.id)
    return { body: { error: false, message: 'Session ended' } }
  },
})

export const { GET, POST, PUT, PATCH, OPTIONS } = otherMethods('DELETE')
