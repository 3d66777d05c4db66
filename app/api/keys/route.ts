import { createKeyRequest } from '@/core/key-requests'
import { createKey } from '@/server/create-key'
import { listKeys } from '@/server/list-keys'
import { handle, otherMethods } from '../handle'

export const GET = handle({
  action: 'key.list',
  run: async ({ context, actor }) => ({ body: { error: false, ...(await listKeys(context, actor)) } }),
})

/** Knows no Idempotency-Key: its answer holds the key, and is kept nowhere. */
export const POST = handle({
  action: 'key.create',
  body: createKeyRequest,
  run: async ({ context, body, ...asked }) => ({
    status: 201,
    body: {
      error: false,
      message: 'Key created; it is shown only this once',
      ...(await createKey(context, asked, body)),
    },
  }),
})

export const { PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'POST')
