import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { answerHeaders } from '@/core/answer-headers'
import { guardRequests } from './guard-requests'

let server: Server
/** What the handler behind it was shown. */
let seen: IncomingMessage[] = []

let stop: () => void

beforeAll(async () => {
  stop = guardRequests()
  server = createServer((request, response) => {
    seen.push(request)
    switch (request.url) {
      case '/own':
        response.setHeader('Content-Security-Policy', 'sandbox')
        response.writeHead(200, { 'Cache-Control': 'public, max-age=60' }).end('own')
        return
      case '/begun':
        response.write('a')
        return
      default:
        response.end('done')
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await said('GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  seen = []
})

/**
 * Everything that is answered to these bytes, once the line is closed.
 * @param then sent as soon as the answer begins
 */
function said(bytes: string, then?: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let answer = ''
  if (then) socket.once('data', () => socket.write(then))
  socket.on('data', (chunk) => (answer += chunk.toString()))
  socket.write(bytes)
  return new Promise((resolve, reject) => {
    socket.on('close', () => resolve(answer)).on('error', reject)
  })
}
const ask = (line: string, ...headers: string[]) =>
  said([`${line} HTTP/1.1`, 'Host: a', 'Connection: close', ...headers, '', ''].join('\r\n'))

const headersIn = (answer: string) =>
  new Headers(
    answer
      .slice(0, answer.indexOf('\r\n\r\n'))
      .split('\r\n')
      .slice(1)
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as [string, string]),
  )
const expectOurs = (answer: string) =>
  expect(Object.fromEntries(headersIn(answer))).toMatchObject(
    Object.fromEntries(Object.entries(answerHeaders).map(([name, value]) => [name.toLowerCase(), value])),
  )

test('every answer has the headers, and what it says itself wins', async () => {
  expectOurs(await ask('GET /'))
  const own = headersIn(await ask('GET /own'))
  expect(own.get('content-security-policy')).toBe('sandbox')
  expect(own.get('cache-control')).toBe('public, max-age=60')
  expect(own.get('x-content-type-options')).toBe('nosniff')
})

test.each([
  ['headers that are too big', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['a method that there is not', 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a length that is no number', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n', 400],
  [
    'a body of two lengths',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    400,
  ],
  ['no HTTP at all', '\x16\x03\x01\r\n\r\n', 400],
  ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['an expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: nonsense\r\nConnection: close\r\n\r\n', 417],
])('%s: Node answers, with the headers', async (_, bytes, status) => {
  const answer = await said(bytes)
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expectOurs(answer)
  expect(seen).toEqual([])
})

test('a request that cannot be read is answered in our shape, without a word about the parser', async () => {
  const answer = await said(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toEqual({
    error: true,
    message: 'The headers of this request are too big.',
    errors: {},
    request_id: headersIn(answer).get('x-request-id')?.trim(),
  })
  expect(answer).not.toMatch(/HPE|llhttp|Parse Error/)
})

test('what breaks off while an answer is being written adds nothing to that answer', async () => {
  const answer = await said('POST /begun HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', 'no chunk\r\n')
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
})

test('what only we may say to ourselves is taken from a caller', async () => {
  const names = [
    'x-nonce',
    'X-Path',
    'Content-Security-Policy',
    'content-security-policy-report-only',
    'x-middleware-subrequest',
    'x-middleware-rewrite',
    'x-middleware-override-headers',
    'x-middleware-request-x-nonce',
    'x-invoke-path',
    'x-matched-path',
    'x-now-route-matches',
  ]
  await ask('GET /', ...names.map((name) => `${name}: evil`), 'X-Request-Id: kept-as-it-is')
  expect(Object.entries(seen[0]?.headers ?? {}).filter(([, value]) => value === 'evil')).toEqual([])
  expect(seen[0]?.headers['x-request-id']).toBe('kept-as-it-is')
})

test.each([
  ['/api/messages?__proto__=1&a=__proto__', '/api/messages?__proto__+=1&a=__proto__'],
  ['/api/messages?a=1&%5F_%70roto__', '/api/messages?a=1&__proto__+'],
  ['/api/messages?a=?b=%E0&c', '/api/messages?a=?b=%E0&c'],
])('a parameter that Next would lose is one that nobody knows: %s', async (given, taken) => {
  await ask(`GET ${given}`)
  expect(seen.map(({ url }) => url)).toEqual([taken])
})

test.each([
  ['/api/users/%E0%A4%A?a=%E0', '/api/users/%25E0%25A4%25A?a=%E0'],
  ['/%', '/%25'],
  ['/%2e%2e/%ff', '/%252e%252e/%25ff'],
  ['/a%20b?c=%E0%A4%A', '/a%20b?c=%E0%A4%A'],
])('an address that cannot be decoded is taken letter by letter: %s', async (given, taken) => {
  await ask(`GET ${given}`)
  expect(seen.map(({ url }) => url)).toEqual([taken])
})

test.each([
  ['GET http://evil.example/api/users?a=b', '/api/users?a=b', 'evil.example'],
  ['GET HTTPS://evil.example:81', '/', 'evil.example:81'],
  ['GET http://evil.example?a', '/?a', 'evil.example'],
  ['OPTIONS *', '/', 'a'],
])('a whole address is its path, and its host counts: %s', async (line, path, host) => {
  await ask(line)
  expect(seen.map(({ url, headers }) => [url, headers.host])).toEqual([[path, host]])
})

test.each([
  ['["",{"children":["support",{"children":["(staff)",{"children":["__PAGE__",{}]}]}]},null,null,16]', true],
  ['["",{"children":["users",{"children":[["id","5","d",null],{}]}]},["/a","/b"],"refetch",null]', true],
  ['x', false],
  ['%', false],
  ['{}', false],
  ['["",{}', false],
  ['["",{"children":[["id","5","zz",null],{}]}]', false],
  ['["",{},null,"everything"]', false],
  [`${'["",{"a":'.repeat(1_500)}1`, false],
])('a state of the router that Next cannot read is not shown to it: %.60s', async (state, isKept) => {
  await ask('GET /', `Next-Router-State-Tree: ${state === '%' ? state : encodeURIComponent(state).slice(0, 12_000)}`)
  expect(seen[0]?.headers['next-router-state-tree'] !== undefined).toBe(isKept)
})

test('the cookie of a return address is taken away, and no other', async () => {
  const other = 'next-auth.session-token=a.b; time-zone=Europe/Paris'
  await ask('GET /', `Cookie: next-auth.callback-url=javascript%3Ax; ${other}; __Secure-next-auth.callback-url=x`)
  expect(seen[0]?.headers.cookie).toBe(other)
})

test.each(['TRACE', 'PROPFIND', 'PURGE'])('%s is for Next what OPTIONS is', async (method) => {
  await ask(`${method} /`)
  expect(seen.map((request) => request.method)).toEqual(['OPTIONS'])
})

// The last test: nothing begins anew after this.
test('once the process stops, an answer is the last one of its connection', async () => {
  const alive = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'
  expect(
    headersIn(await said(alive + alive.replace('Host: a', 'Host: a\r\nConnection: close'))).get('connection'),
  ).toBe('keep-alive')
  stop()
  expect(headersIn(await said(alive)).get('connection')).toBe('close')
})
