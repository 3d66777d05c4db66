import { secondFactorSetting } from '@/core/second-factor-requests'
import { changeSecondFactorSetting, getSecondFactorSetting } from '@/server/second-factor-setting'
import { handle, otherMethods } from '../../handle'

export const GET = handle({
  action: 'settings.read',
  run: async ({ context }) => ({ body: { error: false, required: await getSecondFactorSetting(context) } }),
})

export const PUT = handle({
  action: 'settings.change',
  body: secondFactorSetting,
  run: async ({ context, body, ...asked }) => {
    await changeSecondFactorSetting(context, asked, body)
    return { body: { error: false, message: 'Settings changed', required: body } }
  },
})

export const { POST, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'PUT')
