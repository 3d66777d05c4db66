import { NextResponse, type NextRequest } from 'next/server'
import { isForeignHost } from '@/core/own-address'
import { signedOutPages } from '@/core/sign-in'
import { readWebConfig, type WebConfig } from '@/runtime/config'

/** React's development build evaluates code to show stack traces, and Next's overlay writes styles without a nonce. */
const development = process.env.NODE_ENV === 'development'

/** Read at the first request: what the build knows is not what the process is started with. */
let settings: WebConfig | null = null

function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    `style-src-elem 'self' ${development ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    "style-src-attr 'unsafe-inline'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-src 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/**
 * Gives every page its own Content-Security-Policy (the headers that never change are in core/answer-headers.ts), and sends
 * people without any session cookie to the sign-in early. That is a courtesy only: each page and each route asks the
 * database itself who is asking.
 */
export function proxy(request: NextRequest): NextResponse {
  const { pathname, search } = request.nextUrl
  settings ??= readWebConfig()
  if (isForeignHost(settings, request.headers.get('host'))) return foreignHost()
  if (!['GET', 'HEAD'].includes(request.method)) return notToBeChanged()
  const nonce = crypto.randomUUID().replaceAll('-', '')
  const policy = contentSecurityPolicy(nonce)

  const response = mustSignIn(request)
    ? redirectToSignIn(request, pathname + search)
    : NextResponse.next({ request: { headers: pageHeaders(request, { nonce, policy, path: pathname + search }) } })
  response.headers.set('Content-Security-Policy', policy)
  return response
}

const plain = { 'Content-Type': 'text/plain; charset=utf-8' }

const foreignHost = (): NextResponse =>
  new NextResponse('This address is not one of ours. Please open the dashboard under its own address.\n', {
    status: 403,
    headers: plain,
  })

/** A page is only ever read; what changes something goes through the API. */
const notToBeChanged = (): NextResponse =>
  new NextResponse('A page can only be read.\n', { status: 405, headers: { ...plain, Allow: 'GET, HEAD' } })

function mustSignIn(request: NextRequest): boolean {
  const { pathname } = request.nextUrl
  const isStaffPage =
    (pathname === '/support' || pathname.startsWith('/support/')) && !signedOutPages.includes(pathname)
  return isStaffPage && !request.cookies.getAll().some((cookie) => cookie.name.endsWith('session-token'))
}

/** Next shortens the address to its path, so that it is right behind any host name. */
function redirectToSignIn(request: NextRequest, path: string): NextResponse {
  return NextResponse.redirect(new URL(`/support/login?callbackUrl=${encodeURIComponent(path)}`, request.url))
}

/** What the pages read: overwritten here, so that a caller cannot choose them. */
function pageHeaders(request: NextRequest, page: { nonce: string; policy: string; path: string }): Headers {
  const headers = new Headers(request.headers)
  headers.set('x-nonce', page.nonce)
  headers.set('Content-Security-Policy', page.policy)
  headers.set('x-path', page.path)
  return headers
}

/** Everything that may answer with a page, a page for "not found" too. */
export const config = { matcher: '/((?!api(?:/|$)|_next/static/).*)' }
