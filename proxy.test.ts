import { NextRequest } from 'next/server'
import { expect, test, vi } from 'vitest'
import { proxy } from './proxy'

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

test('no page is shown under a name that is not ours', async () => {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
  const open = (host: string) => proxy(new NextRequest(`http://${host}/support/login`, { headers: { host } }))
  expect(open('localhost:3005').status).toBe(200)
  const refused = open('evil.example:3005')
  expect(refused.status).toBe(403)
  expect(await refused.text()).toMatch(/not one of ours/)
  vi.unstubAllEnvs()
})
