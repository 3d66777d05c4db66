import { beginSecondFactorRequest } from '@/core/second-factor-requests'
import { beginSecondFactor } from '@/server/add-second-factor'
import { getOwnSecondFactor } from '@/server/get-second-factor'
import { handle, otherMethods } from '../../handle'

export const GET = handle({
  action: 'own.second_factor',
  run: async ({ context, actor }) => ({
    body: { error: false, second_factor: await getOwnSecondFactor(context, actor) },
  }),
})

export const POST = handle({
  action: 'own.second_factor',
  body: beginSecondFactorRequest,
  run: async ({ context, body, ...asked }) => {
    const { secret, address, qrCode } = await beginSecondFactor(context, asked, body)
    return { status: 201, body: { error: false, secret, address, qr_code: qrCode } }
  },
})

export const { PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'POST')
