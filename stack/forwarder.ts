import { randomUUID } from 'node:crypto'
import { Agent, createServer, request as requestTo, type IncomingHttpHeaders, type Server } from 'node:http'
import { answerHeaders } from '@/core/answer-headers'

/** They belong to one connection, not to the message. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']

/**
 * A connection for each request, since a kept one may be closed by the web process just as the next request is written to it.
 * Not announced as "close", for then the web process would cut the line behind an early refusal (413), which so gets lost.
 */
const agent = new Agent({ keepAlive: true, maxFreeSockets: 0 })

/**
 * The API's port in front of the web process. It streams both ways, and tells the web process who called, because there
 * every request seems to come from this machine.
 */
export async function startForwarder({ port, webPort }: { port: number; webPort: number }): Promise<Server> {
  const server = createServer((call, answer) => {
    const upstream = requestTo({
      host: '127.0.0.1',
      port: webPort,
      method: call.method,
      path: call.url,
      headers: {
        ...ownHeaders(call.headers),
        // A body of unknown length must be framed again: unframed behind a GET or DELETE, it would be read as the next
        // request (request smuggling), with an address of the caller's choice.
        ...(call.headers['transfer-encoding'] && { 'transfer-encoding': 'chunked' }),
        // Replaced, not extended: a caller cannot claim another address.
        'x-forwarded-for': call.socket.remoteAddress,
      },
      agent,
    })
    upstream.on('response', (reply) => {
      answer.writeHead(reply.statusCode ?? 502, ownHeaders(reply.headers))
      reply.pipe(answer)
      reply.on('close', () => {
        if (!reply.complete) answer.destroy() // a cut answer must not look like a whole one
      })
    })
    upstream.on('error', () => {
      if (answer.headersSent) return // the reply above decides
      const requestId = randomUUID()
      answer.writeHead(502, {
        ...answerHeaders,
        'content-type': 'application/json',
        'x-request-id': requestId,
        connection: 'close',
      })
      const message = 'The web process is not answering: try again in a moment.'
      answer.end(JSON.stringify({ error: true, message, errors: {}, request_id: requestId }))
    })
    answer.on('close', () => {
      upstream.destroy()
      call.resume() // what is left of a refused body
    })
    call.pipe(upstream)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}

const ownHeaders = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)))
