import { readdirSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { encode } from 'next-auth/jwt'
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js'
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js'
import { RequestCookies } from 'next/dist/server/web/spec-extension/cookies.js'
import { afterEach, expect, test, vi } from 'vitest'
import { openTestContext, type TestContext } from '@/server/testing'
import * as auth from './auth/[...nextauth]/route'
import type { Handler } from './handle'

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

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
type RouteModule = Record<(typeof methods)[number], Handler>

/** Every route there is, so that a new one is asked too; next-auth's is below, and what names nothing asks no database. */
async function everyRoute(): Promise<[string, RouteModule][]> {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  const routes = files.filter((file) => file.endsWith('route.ts') && !/nextauth|unknown/.test(file))
  return Promise.all(
    routes.map(async (file): Promise<[string, RouteModule]> => [
      file,
      (await import(/* @vite-ignore */ join(import.meta.dirname, file))) as RouteModule,
    ]),
  )
}

/** Fits every path, so that the database is what is asked next. */
const params = { id: '1', address: 'a@example.com', topic: 'email-notifications', partition: '0', offset: '0' }

test.each(['closed', 'silent'] as const)('with a %s database every call answers 503 within 5 s', async (kind) => {
  app = await openTestContext({ DATABASE_URL: await databaseAt(kind) })
  const routes = await everyRoute()
  const token = await encode({ token: { sub: '1', version: 1 }, secret: app.config.NEXTAUTH_SECRET })
  const headers = {
    authorization: 'Bearer usk_0123456789012345678901234567890123',
    cookie: `next-auth.session-token=${token}`,
    origin: 'http://localhost:3005',
    'content-type': 'application/json',
  }
  // What the one call that anybody may make has to hold before it asks the database.
  const body = JSON.stringify({ token: 'made-up', password: 'long-enough' })
  const answers = await Promise.all(
    routes.flatMap(([file, route]) =>
      methods.map(async (method) => {
        const startedAt = performance.now()
        const request = new Request('http://localhost:3005/api/test', {
          method,
          headers,
          ...(method === 'GET' ? {} : { body }),
        })
        const response = await route[method](request, { params: Promise.resolve(params) })
        const said = (await response.json()) as { message?: string }
        return { call: `${method} ${file}`, status: response.status, said, ms: performance.now() - startedAt }
      }),
    ),
  )
  const asked = answers.filter(({ status }) => status !== 405)
  for (const [file] of routes) expect(asked.map(({ call }) => call)).toContainEqual(expect.stringContaining(` ${file}`))
  for (const answer of asked) {
    expect(answer).toMatchObject({ status: 503, said: { message: expect.stringContaining('database') as string } })
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
