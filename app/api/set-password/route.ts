import { canSignInToDashboard } from '@/core/permissions'
import { setPasswordRequest } from '@/core/requests'
import { changePassword } from '@/server/change-password'
import { endedSessionCookie, sessionCookie } from '@/server/session'
import { handle, otherMethods } from '../handle'

export const POST = handle({
  action: 'own.password',
  body: setPasswordRequest,
  run: async ({ context, body, ...asked }) => {
    const { sessionVersion, next } = await changePassword(context, asked, body)
    // Every session has just ended. Staff go on in a new one; account holders were here only for this.
    const cookie = canSignInToDashboard(asked.actor.role)
      ? await sessionCookie(context, asked.actor.id, sessionVersion)
      : endedSessionCookie(context)
    return { body: { error: false, message: 'Your password is set', next }, cookie }
  },
})

export const { GET, PUT, PATCH, DELETE } = otherMethods('POST')
