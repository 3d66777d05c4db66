import { randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { connect, type AddressInfo, type Server } from 'node:net'

import { afterEach, expect, test } from 'vitest'

import { startForwarder } from './forwarder'
import { freePort } from './ports'

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

async function before(web: RequestListener): Promise<string> {
  const server = createServer(web)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = await freePort()
  open.push(server, await startForwarder({ port, webPort: (server.address() as AddressInfo).port }))
  return `http://127.0.0.1:${port}`
}

test('bodies of any size pass unchanged, both ways', async () => {
  const api = await before((call, answer) => call.pipe(answer.writeHead(201, { 'x-from': 'web' })))
  const body = randomBytes(3_000_000)
  const answer = await fetch(`${api}/api/users`, { method: 'POST', body })
  expect(answer.status).toBe(201)
  expect(answer.headers.get('x-from')).toBe('web')
  expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true)
})

test('an answer is passed on while it is still being written', async () => {
  const api = await before((call, answer) => {
    answer.write('first')
    call.socket.once('close', () => answer.destroy())
  })
  const reader = (await fetch(api)).body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('first')
  await reader?.cancel()
})

test('an answer that the web process cut short is cut short for the caller too', async () => {
  const api = await before((_, answer) => {
    answer.writeHead(200, { 'content-length': '1000' })
    answer.write('half', () => answer.destroy())
  })
  const answer = await fetch(api)
  await expect(answer.text()).rejects.toThrow('terminated')
})

test('a refusal that comes before the whole body was read reaches the caller', async () => {
  const api = await before((_, answer) => answer.writeHead(413).end('too large'))
  const answer = await fetch(api, { method: 'POST', body: randomBytes(200_000) })
  expect([answer.status, await answer.text()]).toEqual([413, 'too large'])
})

test.each(['GET', 'DELETE', 'OPTIONS'])('a %s with a body of unknown length stays one request', async (method) => {
  const seen: string[] = []
  const api = await before((call, answer) => {
    seen.push(`${call.method} ${call.url}`)
    call.resume().on('end', () => answer.end('ok'))
  })
  const inner = 'POST /api/users HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'
  const socket = connect(Number(new URL(api).port), '127.0.0.1')
  socket.write(
    `${method} /outer HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
  )
  let reply = ''
  for await (const chunk of socket) reply += String(chunk)
  expect(reply).toMatch(/^HTTP\/1.1 200/)
  // Another request on its own line has been answered, so anything smuggled in before it would have been seen.
  await fetch(`${api}/after`)
  expect(seen).toEqual([`${method} /outer`, 'GET /after'])
})
