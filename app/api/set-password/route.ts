import { setPasswordRequest } from '@/core/requests'
import { userAgentOf } from '@/server/begin-session'
import { changePassword } from '@/server/change-password'
import { endedSessionCookie, sessionCookie } from '@/server/session'
import { handle, otherMethods } from '../handle'

export const POST = handle({
  action: 'own.password',
  body: setPasswordRequest,
  run: async ({ context, body, request, ...asked }) => {
    const userAgent = userAgentOf(request)
    const { session, next } = await changePassword(context, asked, { ...body, userAgent })
    const cookie = session ? await sessionCookie(context, session) : endedSessionCookie(context)
    return { body: { error: false, message: 'Your password is set', next }, cookie }
  },
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
