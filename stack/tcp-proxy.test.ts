import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { canConnect, freePort } from './ports'
import { TcpProxy } from './tcp-proxy'
import { until } from './until'

let echo: Server
let proxy: TcpProxy
const clients: Socket[] = []

beforeEach(async () => {
  echo = createServer((socket) => void socket.on('error', () => undefined).pipe(socket))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const target = { host: '127.0.0.1', port: (echo.address() as AddressInfo).port }
  proxy = await TcpProxy.start({ port: await freePort(), target })
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy.close()
  echo.close()
})

/** A client that collects what it hears. */
async function client() {
  const socket = connect(proxy.port, '127.0.0.1')
  clients.push(socket)
  const heard: Buffer[] = []
  const broken = new Promise<string | undefined>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    socket.on('close', () => resolve(undefined))
  })
  socket.on('data', (chunk: Buffer) => heard.push(chunk))
  await once(socket, 'connect')
  const text = () => Buffer.concat(heard).toString()
  return { socket, broken, text, hears: (words: string) => until(() => text() === words, 5_000) }
}

/** Long enough for an echo to have come back, were it to come. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 100))

test('bytes pass both ways, and so does the end of a connection', async () => {
  const one = await client()
  const much = 'x'.repeat(1_000_000)
  one.socket.end(much)
  expect(await one.hears(much)).toBe(true)
  expect(await one.broken).toBeUndefined()
  expect(await until(() => proxy.connections === 0, 5_000)).toBe(true)
})

test('a black hole closes nothing, and what it held back arrives once it is gone', async () => {
  const one = await client()
  one.socket.write('before ')
  expect(await one.hears('before ')).toBe(true)
  await proxy.set({ kind: 'blackhole' })
  one.socket.write('after')
  const two = await client()
  two.socket.write('new')
  await aWhile()
  expect([one.text(), one.socket.destroyed, two.text()]).toEqual(['before ', false, ''])
  await proxy.set({ kind: 'pass' })
  expect(await one.hears('before after')).toBe(true)
  expect(await two.hears('new')).toBe(true)
})

test('a half-open connection stays silent while new ones pass', async () => {
  const one = await client()
  one.socket.write('a')
  expect(await one.hears('a')).toBe(true)
  await proxy.set({ kind: 'half_open' })
  const two = await client()
  one.socket.write('b')
  two.socket.write('new')
  expect(await two.hears('new')).toBe(true)
  await proxy.set({ kind: 'pass' })
  await aWhile()
  expect([one.text(), one.socket.destroyed]).toEqual(['a', false])
})

test('open connections are reset, new ones pass', async () => {
  const one = await client()
  one.socket.write('a')
  expect(await one.hears('a')).toBe(true)
  await proxy.set({ kind: 'reset' })
  expect(await one.broken).toBe('ECONNRESET')
  const two = await client()
  two.socket.write('new')
  expect(await two.hears('new')).toBe(true)
})

test('connections are refused, until they pass again', async () => {
  await proxy.set({ kind: 'refuse' })
  expect(await canConnect('127.0.0.1', proxy.port, 1_000)).toBe(false)
  await proxy.set({ kind: 'pass' })
  expect(await canConnect('127.0.0.1', proxy.port, 1_000)).toBe(true)
})

test('a connection is cut after so many bytes of one side', async () => {
  await proxy.set({ kind: 'cut_after', bytes: 4, from: 'server' })
  const one = await client()
  one.socket.write('123')
  expect(await one.hears('123')).toBe(true)
  one.socket.write('456')
  await one.broken // libuv takes a reset that comes with bytes for an end
  expect('1234').toContain(one.text())
})

test('a delay holds bytes up, and does not slow a stream down', async () => {
  await proxy.set({ kind: 'delay', ms: 100 })
  const one = await client()
  const startedAt = performance.now()
  const much = 'x'.repeat(2_000_000)
  one.socket.write(much)
  expect(await one.hears(much)).toBe(true)
  const ms = performance.now() - startedAt
  expect(ms).toBeGreaterThan(195)
  expect(ms).toBeLessThan(3_000)
})

test('a throttled connection carries so many bytes a second', async () => {
  await proxy.set({ kind: 'throttle', bytesPerSecond: 100 })
  const one = await client()
  const startedAt = performance.now()
  one.socket.write('x'.repeat(30))
  expect(await one.hears('x'.repeat(30))).toBe(true)
  expect(performance.now() - startedAt).toBeGreaterThan(290)
})
