import { checkHealth } from '@/server/check-health'
import { handle, otherMethods } from '../handle'

export const GET = handle({
  action: 'health.read',
  run: async ({ context }) => {
    await checkHealth(context)
    return { body: { ok: true } }
  },
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
