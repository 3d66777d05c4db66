import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { clientAddress } from '@/core/client-address'
import type { Context } from './context'

/** Set by us on every request, whatever it came with. */
const peerHeader = 'x-peer-address'

/**
 * Notes on each request who is at the other end of its connection. Next shows its handlers no socket, and takes a caller's own
 * X-Forwarded-For for true. (`http.server.request.start`: Node's documentation of diagnostics_channel.)
 */
export function notePeers(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage }
    request.headers[peerHeader] = request.socket.remoteAddress ?? ''
  })
}

/** Where a request came from, as far as we can know. */
export const requestAddress = ({ config }: Context, request: Request): string =>
  clientAddress(
    request.headers.get(peerHeader) || 'unknown',
    request.headers.get('x-forwarded-for'),
    config.TRUSTED_PROXIES,
  )
