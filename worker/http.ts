import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metrics } from './metrics'

export type Readiness = Record<string, boolean>

/** :6001 — is it alive, can it work, and its figures. Nothing secret, no way to change anything. */
export async function serve(input: {
  host: string
  port: number
  metrics: Metrics
  readiness: () => Promise<Readiness>
  /** Settings that do not agree, in sentences. They make nothing unready. */
  differences: () => string[]
}): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, type = 'application/json') => {
      response.writeHead(status, {
        'Content-Type': type,
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'no-store',
      })
      response.end(body)
    }
    const fail = (error: unknown) =>
      answer(500, JSON.stringify({ error: true, message: error instanceof Error ? error.message : 'Unknown fault' }))
    const sayReady = (parts: Readiness) => {
      const ok = Object.values(parts).every(Boolean)
      answer(ok ? 200 : 503, JSON.stringify({ ok, parts, differences: input.differences() }))
    }
    if (request.method !== 'GET') return answer(405, '{"error":true,"message":"Only GET is answered here."}')
    switch (request.url) {
      case '/healthz':
        return answer(200, '{"ok":true}')
      case '/readyz':
        input.readiness().then(sayReady, fail)
        return
      case '/metrics':
        input.metrics.registry.metrics().then((text) => answer(200, text, input.metrics.registry.contentType), fail)
        return
      default:
        return answer(404, '{"error":true,"message":"There is /healthz, /readyz and /metrics."}')
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(input.port, input.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
