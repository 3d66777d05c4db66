import NextAuth, { type NextAuthOptions } from 'next-auth'
import { decode, encode } from 'next-auth/jwt'
import Credentials from 'next-auth/providers/credentials'
import { cookies } from 'next/headers'
import { cache } from 'react'
import { z } from 'zod'
import { addressSchema } from '@/core/address'
import { canSignInToDashboard, type StaffActor } from '@/core/permissions'
import { safeReturnPath, signInPage, type SignInRefusal } from '@/core/sign-in'
import { findUserOfSession } from '@/db/users'
import type { Caller } from './actor'
import { context, type Context } from './context'
import { inTime, toAppError, withoutParameters } from './failures'
import { signIn, signOut } from './sign-in'

/** Absolute: nothing renews a session, because `/api/auth/session` is not served. */
const lifeSeconds = 8 * 60 * 60

/** Who is signed in. With a first password, they may only set one of their own. */
export type Session = { actor: StaffActor; mustChangePassword: boolean }

const isSecure = ({ config }: Context) => config.NEXTAUTH_URL.startsWith('https://')
const cookieName = (context: Context) => `${isSecure(context) ? '__Secure-' : ''}next-auth.session-token`

const tokenSchema = z.object({
  sub: z.string().regex(/^\d+$/).transform(Number),
  version: z.number().int(),
})
/** What cannot be an address or a password is nobody's, and takes as long to refuse. */
const credentialsSchema = z
  .object({ email: addressSchema, password: z.string().max(128) })
  .catch({ email: '', password: '' })

/** Reads the person of this token afresh: deleted, disabled, demoted or signed out is nobody at the next request. */
async function sessionOf(context: Context, token: string | undefined): Promise<Session | null> {
  const claims = await claimsOf(context, token)
  const user = claims && (await findUserOfSession(context.db, claims.sub, claims.version))
  if (!user) return null
  if (!canSignInToDashboard(user.role) && !user.mustChangePassword) return null
  const { id, email, role, mustChangePassword } = user
  return { actor: { kind: 'staff', id, name: `${user.firstName} ${user.lastName}`, email, role }, mustChangePassword }
}

async function claimsOf(context: Context, token: string | undefined) {
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
  return sessionOf(context, pair?.slice(name.length))
}

/** For pages and layouts, at most one look into Postgres for each page. Null: send them to the sign-in page. */
export const currentSession = cache(async (): Promise<Session | null> => {
  const jar = await cookies()
  const open = context()
  return await inTime(sessionOf(open, jar.get(cookieName(open))?.value))
})

/** The `Set-Cookie` of a new session; after a password change the old one has ended. */
export async function sessionCookie(context: Context, userId: number, sessionVersion: number): Promise<string> {
  const token = await encode({
    token: { sub: String(userId), version: sessionVersion },
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

function options(open: Context, caller: Caller, onSignOutFault: (fault: unknown) => void): NextAuthOptions {
  const { config, log } = open
  return {
    secret: config.NEXTAUTH_SECRET,
    useSecureCookies: isSecure(open),
    session: { strategy: 'jwt', maxAge: lifeSeconds },
    jwt: { maxAge: lifeSeconds },
    pages: { signIn: signInPage, error: signInPage },
    providers: [
      Credentials({
        credentials: { email: {}, password: {} },
        async authorize(given) {
          const credentials = credentialsSchema.parse(given)
          const result = await inTime(signIn(open, caller, credentials)).catch((error: unknown) => {
            if (!toAppError(error))
              log.error({ err: withoutParameters(error), requestId: caller.requestId }, 'A sign-in failed')
            throw refused('unavailable')
          })
          if (result.kind === 'refused') throw refused(result.code)
          return { id: String(result.userId), version: result.sessionVersion }
        },
      }),
    ],
    callbacks: {
      jwt: ({ token, user }) => (user ? { sub: user.id, version: (user as { version?: number }).version } : token),
      redirect: ({ url }) => new URL(safeReturnPath(url, config.NEXTAUTH_URL), config.NEXTAUTH_URL).href,
    },
    events: {
      async signOut({ token }) {
        const claims = tokenSchema.safeParse(token)
        if (!claims.success) return
        const session = { userId: claims.data.sub, sessionVersion: claims.data.version }
        await inTime(signOut(open, caller, session)).catch(onSignOutFault)
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
  const handler = NextAuth(options(context(), caller, (fault) => faults.push(fault))) as (
    request: Request,
    route: { params: { nextauth: readonly string[] } },
  ) => Promise<Response>
  const response = await handler(request, { params: { nextauth: path } })
  if (faults.length > 0) throw faults[0]
  return response
}
