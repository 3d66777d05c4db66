import { randomUUID } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { answerHeaders } from '@/core/answer-headers'
import { notePeer } from './request-address'
import { isRouterState } from './router-state'

/** The methods that Next hands to a route. It would answer any other in its own way, and TRACE with a fault. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** What only our own process may say to itself (proxy.ts, Next's router). */
const ours =
  /^(x-nonce|x-path|content-security-policy(-report-only)?|x-matched-path|x-now-route-matches|x-(middleware|invoke)-.*)$/

/**
 * Sees every request before Next does, and every answer as it leaves, also those that Next or Node make by themselves: for a
 * malformed address, a redirect, headers that are too big. (`http.server.request.start`: Node's documentation of
 * diagnostics_channel.)
 * @returns to be called when the process stops: from then on each answer is the last one of its connection. A page that asks again
 * and again would keep it open, and the server waits for it.
 */
export function guardRequests(): () => void {
  let isStopping = false
  const answers = new WeakMap<Duplex, ServerResponse>()
  const servers = new WeakSet<Server>()
  subscribe('http.server.request.start', (message) => {
    const { request, response, server } = message as {
      request: IncomingMessage
      response: ServerResponse
      server: Server
    }
    for (const name of Object.keys(request.headers)) if (ours.test(name)) delete request.headers[name]
    if (!methods.has(request.method ?? '')) request.method = 'OPTIONS'
    request.url = tellable(decodable(pathOf(request)))
    dropUnreadableState(request)
    dropReturnCookie(request)
    notePeer(request)
    fillIn(response, () => isStopping)
    answers.set(request.socket, response)
    // The check for health is the first to ask, before any stranger.
    if (servers.has(server)) return
    servers.add(server)
    server.on('clientError', (error, socket) => refuse(error, socket, answers.get(socket)))
  })
  return () => {
    isStopping = true
  }
}

/**
 * A whole address (RFC 9112 3.2.2) names its host itself, which then counts instead of `Host`; Next would redirect to it. `*`
 * and anything else without a path is the start.
 */
function pathOf(request: IncomingMessage): string {
  const { url = '/', headers } = request
  if (url.startsWith('/')) return url
  const whole = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(url)
  if (!whole) return '/'
  headers.host = whole[1]
  return whole[2]?.startsWith('/') ? whole[2] : `/${whole[2]}`
}

/** Without it, Next gives the whole page: what a browser asks for that has none. */
function dropUnreadableState({ headers }: IncomingMessage): void {
  const given = headers['next-router-state-tree']
  if (given !== undefined && (Array.isArray(given) || !isRouterState(given))) delete headers['next-router-state-tree']
}

/**
 * Where next-auth would go after signing in: ours stands in the form, and a cookie with no web address in it would be answered
 * by 500. next-auth reads it from Next, not from the request that it is given.
 */
function dropReturnCookie({ headers }: IncomingMessage): void {
  if (!headers.cookie?.includes('next-auth.callback-url=')) return
  const cookies = headers.cookie.split(/;\s*/)
  headers.cookie = cookies.filter((one) => !/^(__\w+-)?next-auth\.callback-url=/.test(one)).join('; ')
}

/** Next fails over an address that cannot be decoded. Taken letter by letter, it is one that names nothing. */
function decodable(url: string): string {
  const [path = '', ...query] = url.split('?')
  try {
    decodeURIComponent(path)
    return url
  } catch {
    return [path.replaceAll('%', '%25'), ...query].join('?')
  }
}

/**
 * Next reads the parameters into an object and writes the address anew from that, which loses this one name: as one that nobody
 * knows either, a route refuses it like any other.
 */
function tellable(url: string): string {
  const [path = '', ...query] = url.split('?')
  if (query.length === 0) return url
  const parameters = query.join('?').split('&')
  const told = parameters.map((one) =>
    new URLSearchParams(one).has('__proto__') ? one.replace(/^[^=]*/, '__proto__+') : one,
  )
  return `${path}?${told.join('&')}`
}

/** Just before the head of the answer is written: whatever made it has said all that it wants to say. */
function fillIn(response: ServerResponse, isStopping: () => boolean): void {
  const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse
  response.writeHead = (...given: unknown[]) => {
    for (const [name, value] of Object.entries(answerHeaders)) {
      if (!response.hasHeader(name)) response.setHeader(name, value)
    }
    if (isStopping()) response.setHeader('Connection', 'close')
    return writeHead(...given)
  }
}

const refusals: Record<string, [line: string, message: string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers of this request are too big.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'The body is larger than what is accepted.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to arrive.'],
}
const unreadable: [string, string] = ['400 Bad Request', 'This is not a request that can be read.']

/** In place of Node's own answer, which has no headers: no request was read, so nobody else answers. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex, last: ServerResponse | undefined): void {
  const isInTheMiddle = last !== undefined && last.headersSent && !last.writableFinished
  if (!socket.writable || error.code === 'ECONNRESET' || isInTheMiddle) {
    socket.destroy()
    return
  }
  const [line, message] = refusals[error.code ?? ''] ?? unreadable
  const requestId = randomUUID()
  const body = JSON.stringify({ error: true, message, errors: {}, request_id: requestId })
  const headers = {
    ...answerHeaders,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'X-Request-Id': requestId,
    Connection: 'close',
  }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.end([`HTTP/1.1 ${line}`, ...head, '', body].join('\r\n'))
}
