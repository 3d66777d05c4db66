import { getDelivery } from '@/server/get-delivery'
import { handle, otherMethods } from '../handle'

export const GET = handle({
  action: 'delivery.read',
  run: async ({ context }) => ({ body: { error: false, ...(await getDelivery(context)) } }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
