import { revokeKey } from '@/server/revoke-key'
import { handle, otherMethods } from '../../../handle'
import { keyParams } from '../../key-params'

export const POST = handle({
  action: 'key.revoke',
  params: keyParams,
  run: async ({ context, params, ...asked }) => ({
    body: { error: false, message: 'Key revoked', key: await revokeKey(context, asked, params.id) },
  }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
