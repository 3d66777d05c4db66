import { unstable_doesMiddlewareMatch as doesProxyMatch } from 'next/experimental/testing/server'
import { NextRequest } from 'next/server'
import { expect, test, vi } from 'vitest'
import { config, proxy } from './proxy'

const key = `k1:${Buffer.alloc(32).toString('base64')}`
const settings = {
  APP_ENV: 'local',
  NEXTAUTH_URL: 'http://localhost:3005',
  NEXTAUTH_SECRET: 'x'.repeat(32),
  DATABASE_URL: 'postgres://u:p@127.0.0.1:1/app',
  SECRETS_KEYS: key,
  SIGNING_KEYS: key,
  SMTP_HOST: 'smtp.example.com',
  KAFKA_BROKERS: '127.0.0.1:1',
}

const open = (host: string) => proxy(new NextRequest(`http://${host}/support/login`, { headers: { host } }))

test('no page is shown under a name that is not ours', async () => {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
  expect(open('localhost:3005').status).toBe(200)
  const refused = open('evil.example:3005')
  expect(refused.status).toBe(403)
  expect(await refused.text()).toMatch(/not one of ours/)
  vi.unstubAllEnvs()
})

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('a page is only read, never %s', (method) => {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
  const answer = proxy(new NextRequest('http://localhost:3005/support', { method, headers: { host: 'localhost' } }))
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  vi.unstubAllEnvs()
})

test.each([
  ['/support', 307],
  ['/support/users', 307],
  ['/support/forgot-passwords', 307],
  ['/support/login', 200],
  ['/support/forgot-password', 200],
  ['/set-password', 200],
])('without a session %s answers %i', (path, status) => {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
  expect(proxy(new NextRequest(`http://localhost:3005${path}`, { headers: { host: 'localhost' } })).status).toBe(status)
  vi.unstubAllEnvs()
})

test('what a page reads of its request is written here, whatever the caller wrote', () => {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
  const given = {
    host: 'localhost',
    'x-nonce': 'evil',
    'x-path': '//evil',
    'content-security-policy': "script-src 'nonce-evil'",
  }
  const answer = proxy(new NextRequest('http://localhost:3005/support/login', { headers: given }))
  const passedOn = Object.keys(given).map((name) => answer.headers.get(`x-middleware-request-${name}`))
  expect(passedOn.slice(1).join(' ')).not.toMatch(/evil/)
  expect(answer.headers.get('content-security-policy')).toContain(`'nonce-${passedOn[1]}'`)
  vi.unstubAllEnvs()
})

test.each([
  ['/support/users', true],
  ['/apiary', true],
  ['/_next/image', true],
  ['/_next/staticky', true],
  ['/favicon.ico.html', true],
  ['/api', false],
  ['/api/users', false],
  ['/_next/static/chunks/main.js', false],
])('whatever may answer with a page has a policy of its own: %s, %j', (url, matches) =>
  expect(doesProxyMatch({ config, url })).toBe(matches),
)
