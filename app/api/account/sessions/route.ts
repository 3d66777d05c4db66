import { endSessionsQuery } from '@/core/requests'
import { endOwnSessions } from '@/server/end-sessions'
import { listOwnSessions } from '@/server/list-sessions'
import { endedSessionCookie } from '@/server/session'
import { handle, otherMethods } from '../../handle'

export const GET = handle({
  action: 'own.account',
  run: async ({ context, actor, session }) => ({
    body: { error: false, sessions: await listOwnSessions(context, actor.id, session.id) },
  }),
})

export const DELETE = handle({
  action: 'own.account',
  query: endSessionsQuery,
  run: async ({ context, query, session, ...asked }) => {
    const keptId = query.keep === 'this' ? session.id : null
    const ended = await endOwnSessions(context, asked, keptId)
    return {
      body: { error: false, message: 'Sessions ended', sessions_ended: ended },
      ...(keptId === null && { cookie: endedSessionCookie(context) }),
    }
  },
})

export const { POST, PUT, PATCH, OPTIONS } = otherMethods('GET', 'DELETE')
