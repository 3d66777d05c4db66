import { z } from 'zod'
import { addressSchema } from '@/core/address-schema'
import { removeSuppressionQuery } from '@/core/suppression-requests'
import { removeSuppression } from '@/server/remove-suppression'
import { handle, otherMethods } from '../../handle'

export const DELETE = handle({
  action: 'suppression.remove',
  params: z.object({ address: addressSchema }),
  query: removeSuppressionQuery,
  run: async ({ context, params, query, ...asked }) => {
    await removeSuppression(context, asked, { ...params, ...query })
    return { body: { error: false, message: 'Address removed from the suppression list' } }
  },
})

export const { GET, POST, PUT, PATCH, OPTIONS } = otherMethods('DELETE')
