import NextAuth, { type NextAuthOptions } from 'next-auth'
import { decode, encode } from 'next-auth/jwt'
import Credentials from 'next-auth/providers/credentials'
import { cookies } from 'next/headers'
import { cache } from 'react'
import { z } from 'zod'
import { addressSchema } from '@/core/address-schema'
import { canSignInToDashboard, type StaffActor } from '@/core/permissions'
import { safeReturnPath, signInPage, type SignInRefusal } from '@/core/sign-in'
import { findUserOfSession, noteSeen, type SessionKey } from '@/db/sessions'
import type { Caller } from './actor'
import { userAgentOf } from './begin-session'
import { context, type Context } from './context'
import { inTime, toAppError, withoutParameters } from './failures'
import { signIn, signOut } from './sign-in'

/** Absolute: nothing renews a session, because `/api/auth/session` is not served. */
const lifeSeconds = 8 * 60 * 60

/**
 * Who is signed in. With a first password, they may only set one of their own; without the second factor that their role must
 * have, only add one.
 */
export type Session = { id: string; actor: StaffActor; mustChangePassword: boolean; mustAddFactor: boolean }

const isSecure = ({ config }: Context) => config.NEXTAUTH_URL.startsWith('https://')
/** `__Host-`: browsers take it by TLS only, and from no other host of the same domain. */
const cookieName = (context: Context) => `${isSecure(context) ? '__Host-' : ''}next-auth.session-token`

const tokenSchema = z
  .object({
    sub: z.string().regex(/^\d+$/).transform(Number),
    version: z.number().int(),
    session: z.uuid(),
  })
  .transform(({ sub, version, session }): SessionKey => ({ userId: sub, sessionVersion: version, sessionId: session }))
/** What cannot be an address or a password is nobody's, and takes as long to refuse. */
const credentialsSchema = z
  .object({ email: addressSchema, password: z.string().max(128), code: z.string().max(64).default('') })
  .catch({ email: '', password: '', code: '' })

/**
 * Reads the person of this token afresh: deleted, disabled, demoted or signed out is nobody at the next request.
 * @param isPoll a page that asks by itself does not mean that somebody is there
 */
async function sessionOf(context: Context, token: string | undefined, isPoll: boolean): Promise<Session | null> {
  const key = await keyOf(context, token)
  const found = key && (await findUserOfSession(context.db, key))
  if (!found) return null
  const { user, lacksFactor, isUnnoted } = found
  if (!canSignInToDashboard(user.role) && !user.mustChangePassword) return null
  if (isUnnoted && !isPoll) await noteSeen(context.db, key.sessionId)
  const { id, email, role, mustChangePassword } = user
  const actor: StaffActor = { kind: 'staff', id, name: `${user.firstName} ${user.lastName}`, email, role }
  return { id: key.sessionId, actor, mustChangePassword, mustAddFactor: lacksFactor }
}

async function keyOf(context: Context, token: string | undefined): Promise<SessionKey | null> {
  if (!token) return null
  try {
    return tokenSchema.parse(await decode({ token, secret: context.config.NEXTAUTH_SECRET }))
  } catch (error) {
    context.log.debug({ err: error }, 'A session cookie is not ours, was changed, or has run out')
    return null
  }
}

/** For route handlers. */
export function requestSession(context: Context, request: Request): Promise<Session | null> {
  const name = `${cookieName(context)}=`
  const pair = request.headers
    .get('cookie')
    ?.split(/;\s*/)
    .find((pair) => pair.startsWith(name))
  return sessionOf(context, pair?.slice(name.length), request.headers.has('x-poll'))
}

/** For pages and layouts, at most one look into Postgres for each page. Null: send them to the sign-in page. */
export const currentSession = cache(async (): Promise<Session | null> => {
  const jar = await cookies()
  const open = context()
  return await inTime(sessionOf(open, jar.get(cookieName(open))?.value, false))
})

/** The `Set-Cookie` of a new session. */
export async function sessionCookie(context: Context, key: SessionKey): Promise<string> {
  const token = await encode({
    token: { sub: String(key.userId), version: key.sessionVersion, session: key.sessionId },
    secret: context.config.NEXTAUTH_SECRET,
    maxAge: lifeSeconds,
  })
  return cookieOf(context, token, lifeSeconds)
}

export const endedSessionCookie = (context: Context): string => cookieOf(context, '', 0)

const cookieOf = (context: Context, value: string, maxAge: number): string =>
  `${cookieName(context)}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${isSecure(context) ? '; Secure' : ''}`

/** next-auth writes this into the address that it answers with; the sign-in page has the sentence for it. */
const refused = (code: SignInRefusal) => new Error(code)

/** What our callback `jwt` makes the token of. */
type NextAuthUser = { id: string; key?: SessionKey }

function options(
  open: Context,
  caller: Caller & { userAgent: string },
  onSignOutFault: (fault: unknown) => void,
): NextAuthOptions {
  const { config, log } = open
  const { userAgent, ...from } = caller
  return {
    secret: config.NEXTAUTH_SECRET,
    useSecureCookies: isSecure(open),
    cookies: {
      sessionToken: {
        name: cookieName(open),
        options: { httpOnly: true, sameSite: 'lax', path: '/', secure: isSecure(open) },
      },
    },
    session: { strategy: 'jwt', maxAge: lifeSeconds },
    jwt: { maxAge: lifeSeconds },
    pages: { signIn: signInPage, error: signInPage },
    providers: [
      Credentials({
        credentials: { email: {}, password: {}, code: {} },
        async authorize(given) {
          const credentials = credentialsSchema.parse(given)
          const result = await inTime(signIn(open, from, { ...credentials, userAgent })).catch((error: unknown) => {
            if (!toAppError(error))
              log.error({ err: withoutParameters(error), requestId: caller.requestId }, 'A sign-in failed')
            throw refused('unavailable')
          })
          if (result.kind === 'refused') throw refused(result.code)
          return { id: String(result.session.userId), key: result.session } satisfies NextAuthUser
        },
      }),
    ],
    callbacks: {
      jwt({ token, user }) {
        const key = (user as NextAuthUser | undefined)?.key
        return key ? { sub: String(key.userId), version: key.sessionVersion, session: key.sessionId } : token
      },
      redirect: ({ url }) => new URL(safeReturnPath(url, config.NEXTAUTH_URL), config.NEXTAUTH_URL).href,
    },
    events: {
      async signOut({ token }) {
        const key = tokenSchema.safeParse(token)
        if (key.success) await inTime(signOut(open, from, key.data)).catch(onSignOutFault)
      },
    },
    logger: {
      error: (code, metadata) =>
        log.warn(
          { nextAuth: code, err: metadata instanceof Error ? metadata : metadata.error },
          'next-auth reported a problem',
        ),
      warn: (code) => log.debug({ nextAuth: code }, 'next-auth warned'),
      debug: () => undefined,
    },
  }
}

/** What is served of next-auth. Not `session` (it would renew itself) and not `_log` (anyone could write our log). */
const served = new Set(['GET csrf', 'GET signin', 'GET error', 'POST callback/credentials', 'POST signout'])

/** @returns null for a part of next-auth that we do not serve */
export async function handleAuth(request: Request, caller: Caller, path: readonly string[]): Promise<Response | null> {
  if (!served.has(`${request.method} ${path.join('/')}`)) return null
  // next-auth would log a fault of a sign-out and answer as if the session had ended, though its cookie is still valid.
  const faults: unknown[] = []
  const handler = NextAuth(
    options(context(), { ...caller, userAgent: userAgentOf(request) }, (fault) => faults.push(fault)),
  ) as (request: Request, route: { params: { nextauth: readonly string[] } }) => Promise<Response>
  const response = await handler(request, { params: { nextauth: path } })
  if (faults.length > 0) throw faults[0]
  return response
}
