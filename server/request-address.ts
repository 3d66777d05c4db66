import type { IncomingMessage } from 'node:http'
import { clientAddress } from '@/core/client-address'
import type { Context } from './context'

/** Set by us on every request, whatever it came with. */
const peerHeader = 'x-peer-address'

/**
 * Notes on a request who is at the other end of its connection. Next shows its handlers no socket, and takes a caller's own
 * X-Forwarded-For for true.
 */
export function notePeer(request: IncomingMessage): void {
  request.headers[peerHeader] = request.socket.remoteAddress ?? ''
}

/** Where a request came from, as far as we can know. */
export const requestAddress = ({ config }: Context, request: Request): string =>
  clientAddress(
    request.headers.get(peerHeader) || 'unknown',
    request.headers.get('x-forwarded-for'),
    config.TRUSTED_PROXIES,
  )
