import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { openTestContext, type TestContext } from '@/server/testing'
import * as health from './health/route'
import * as users from './users/route'

let app: TestContext | null = null
let server: Server | null = null
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server?.close()
  await app?.close()
})

/** A port that answers as the test says: with silence, or not at all. */
async function databaseAt(kind: 'silent' | 'closed'): Promise<string> {
  server = createServer((socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  if (kind === 'closed') {
    server.close()
    await once(server, 'close')
  }
  return `postgres://u:p@127.0.0.1:${port}/app`
}

test.each(['closed', 'silent'] as const)('with a %s database every call answers 503 within 5 s', async (kind) => {
  app = await openTestContext({ DATABASE_URL: await databaseAt(kind) })
  const headers = { authorization: 'Bearer usk_0123456789012345678901234567890123' }
  const answers = await Promise.all(
    [health.GET, users.GET].map(async (handler) => {
      const startedAt = performance.now()
      const response = await handler(new Request('http://localhost/api/test', { headers }), {
        params: Promise.resolve({}),
      })
      return { status: response.status, body: (await response.json()) as object, ms: performance.now() - startedAt }
    }),
  )
  for (const answer of answers) {
    expect(answer).toMatchObject({
      status: 503,
      body: { error: true, message: expect.stringContaining('database') as string },
    })
    expect(answer.ms).toBeLessThan(5_000)
  }
})
