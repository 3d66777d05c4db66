import { expect, test } from 'vitest'
import { isForeignHost, isFromForeignPage, isOwnOrigin } from './own-address'

const local = {
  APP_ENV: 'local',
  NEXTAUTH_URL: 'https://support.example.com',
  WEB_PORT: 3005,
  API_PORT: 4001,
} as const
const production = { ...local, APP_ENV: 'production' } as const

test.each(['localhost:3005', 'LOCALHOST', '127.0.0.1:9', '[::1]:3005', '[::1]', 'support.example.com', null])(
  'a local stack answers to %s',
  (host) => expect(isForeignHost(local, host)).toBe(false),
)

test.each([
  'evil.example',
  'evil.example:3005',
  'localhost.evil.example',
  '127.0.0.1.evil.example:3005',
  '10.0.0.1',
  '',
])('a local stack does not answer to %j, which in production is left to the proxy in front', (host) => {
  expect(isForeignHost(local, host)).toBe(true)
  expect(isForeignHost(production, host)).toBe(false)
})

test.each(['http://localhost:3005', 'http://127.0.0.1:3005', 'http://[::1]:3005', 'http://localhost:4001'])(
  'pages of %s are ours, but only locally',
  (origin) => {
    expect(isOwnOrigin(local, origin)).toBe(true)
    expect(isOwnOrigin(production, origin)).toBe(false)
  },
)

test.each([
  'http://localhost:3000',
  'https://localhost:3005',
  'http://evil.example:3005',
  'http://support.example.com',
  'https://support.example.com:8443',
  'null',
  null,
])('pages of %s are not ours', (origin) => expect(isOwnOrigin(local, origin)).toBe(false))

test('pages of our own web address are ours everywhere', () => {
  for (const config of [local, production]) expect(isOwnOrigin(config, 'https://support.example.com')).toBe(true)
})

test.each([
  ['nobody says anything, as a service does', null, null, false],
  ['our own page', 'https://support.example.com', 'same-origin', false],
  ['our own page in a browser that says only one of the two', 'https://support.example.com', null, false],
  ['or the other', null, 'same-origin', false],
  ['another site', 'https://evil.example', 'cross-site', true],
  ['a neighbour below the same domain', 'https://shop.example.com', 'same-site', true],
  ['a frame without an origin', 'null', null, true],
  ['typed by hand, which no change ever is', null, 'none', true],
  ['two headers that do not agree', 'https://evil.example', 'same-origin', true],
  ['nor these two', 'https://support.example.com', 'cross-site', true],
])('who caused the request: %s', (_, origin, site, isForeign) =>
  expect(isFromForeignPage(production, { origin, site })).toBe(isForeign),
)
