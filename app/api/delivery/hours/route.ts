import { hoursQuery } from '@/core/requests'
import { getDeliveryHours } from '@/server/get-delivery-hours'
import { handle, otherMethods } from '../../handle'

export const GET = handle({
  action: 'delivery.read',
  query: hoursQuery,
  run: async ({ context, query }) => ({ body: { error: false, hours: await getDeliveryHours(context, query.days) } }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
