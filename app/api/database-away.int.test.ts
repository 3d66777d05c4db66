import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { encode } from 'next-auth/jwt'
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js'
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js'
import { RequestCookies } from 'next/dist/server/web/spec-extension/cookies.js'
import { afterEach, expect, test, vi } from 'vitest'
import { openTestContext, type TestContext } from '@/server/testing'
import * as auth from './auth/[...nextauth]/route'
import type { Handler } from './handle'
import * as health from './health/route'
import * as users from './users/route'

// Next's own start does this; without it the route cannot read the cookies of the request.
await vi.hoisted(async () => Object.assign(globalThis, await import('node:async_hooks')))

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

/** next-auth reads cookies and headers from where Next keeps them during a request. */
function asNext(request: Request, path: string, handler: Handler): Promise<Response> {
  const { headers } = request
  const unit = { type: 'request', phase: 'render', headers, cookies: new RequestCookies(headers) }
  const params = Promise.resolve({ nextauth: path.split('/') })
  return workAsyncStorage.run({ route: path } as never, () =>
    workUnitAsyncStorage.run(unit as never, () => handler(request, { params })),
  )
}

test.each(['closed', 'silent'] as const)('with a %s database nobody is told that they are signed out', async (kind) => {
  app = await openTestContext({ DATABASE_URL: await databaseAt(kind) })
  const csrf = await asNext(new Request('http://localhost:3005/api/auth/csrf'), 'csrf', auth.GET)
  const { csrfToken } = (await csrf.json()) as { csrfToken: string }
  const token = await encode({ token: { sub: '1', version: 1 }, secret: app.config.NEXTAUTH_SECRET })
  const cookie = [...csrf.headers.getSetCookie().map((set) => set.split(';')[0]), `next-auth.session-token=${token}`]
  const startedAt = performance.now()
  const response = await asNext(
    new Request('http://localhost:3005/api/auth/signout', {
      method: 'POST',
      headers: { cookie: cookie.join('; '), 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrfToken, json: 'true' }),
    }),
    'signout',
    auth.POST,
  )
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 503,
    body: { error: true, message: expect.stringContaining('database') as string },
  })
  expect(response.headers.getSetCookie()).toEqual([])
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})
