import { describe, expect, test } from 'vitest'

import { readStackConfig } from '@/runtime/config'

import { portsInUse } from './checks'
import { childEnvironment, type AppPart } from './commands'
import type { Secrets } from './folder'

const secrets: Secrets = {
  databasePassword: 'pw',
  nextauthSecret: 'n'.repeat(32),
  secretsKeys: 'local:a',
  signingKeys: 'local:b',
  apiKey: 'usk_x',
}
const environmentFor = (given: Record<string, string>, part: AppPart = 'web') =>
  childEnvironment({ environment: given, config: readStackConfig(given), secrets, folder: '/data' }, part)

test('its own parts are used when nothing else is given', () => {
  expect(environmentFor({ WEB_PORT: '4005', POSTGRES_PORT: '4433', MAIL_SMTP_PORT: '4525' })).toMatchObject({
    APP_ENV: 'local',
    DATABASE_URL: expect.stringMatching(
      /^postgres:\/\/usual_store_app_login:\w{48}@127\.0\.0\.1:4433\/usual_store$/,
    ) as string,
    KAFKA_BROKERS: '127.0.0.1:9092',
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: '4525',
    NEXTAUTH_URL: 'http://localhost:4005',
    HOSTNAME: '127.0.0.1',
  })
})

test('given servers are used instead of its own, whose ports may then be taken', () => {
  const given = {
    DATABASE_URL: 'postgres://u:p@db.example:5432/x',
    KAFKA_BROKERS: 'k1:9092,k2:9092',
    SMTP_HOST: 'smtp.example',
    SMTP_PORT: '587',
    SMTP_USERNAME: 'u',
    SMTP_PASSWORD: 'p',
    NEXTAUTH_URL: 'https://support.example',
  }
  expect(environmentFor(given)).toMatchObject(given)
  expect(portsInUse(readStackConfig(given))).toEqual(['WEB_PORT', 'API_PORT', 'WORKER_PORT'])
})

test('the login for another mail server is not used on the catcher', () => {
  const environment = environmentFor({ SMTP_USERNAME: 'u', SMTP_PASSWORD: 'p', SMTP_SECURE: 'true', SMTP_PORT: '465' })
  expect(environment).toMatchObject({ SMTP_USERNAME: undefined, SMTP_PASSWORD: undefined, SMTP_SECURE: undefined })
  expect(environment['SMTP_PORT']).toBe('2525')
})

test('the sign-in for another Kafka is not used on its own', () => {
  const secured = {
    KAFKA_SSL: 'true',
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: 'u',
    KAFKA_SASL_PASSWORD: 'p',
  }
  for (const name of Object.keys(secured)) expect(environmentFor(secured)).toHaveProperty(name, undefined)
  expect(environmentFor({ ...secured, KAFKA_BROKERS: 'k1:9093' })).toMatchObject(secured)
})

const addresses = (given: Record<string, string>, part: AppPart) => {
  const { DATABASE_URL, APP_DATABASE_URL, WORKER_DATABASE_URL } = environmentFor(given, part)
  return [DATABASE_URL, APP_DATABASE_URL, WORKER_DATABASE_URL]
}
const loginOf = (address: string | undefined) => address && new URL(address).username

describe('every program has its own way into the database', () => {
  test.each([
    ['web', 'usual_store_app_login'],
    ['worker', 'usual_store_worker_login'],
    ['seed', 'usual_store'],
    ['catcher', undefined],
  ] as const)('%s comes in as %s, and knows no other', (part, login) => {
    expect(addresses({}, part).map(loginOf)).toEqual([login, undefined, undefined])
  })

  test('the migration owns everything, and makes the logins of the others with the passwords that they have', () => {
    const [owner, app, worker] = addresses({}, 'migrate')
    expect([loginOf(owner), app, worker]).toEqual(['usual_store', addresses({}, 'web')[0], addresses({}, 'worker')[0]])
    expect(new Set([owner, app, worker].map((address) => new URL(address ?? '').password)).size).toBe(3)
  })

  test('in a database that was given they use what was given', () => {
    const one = { DATABASE_URL: 'postgres://owner:p@db.example/x' }
    expect((['web', 'worker', 'migrate'] as const).map((part) => addresses(one, part)[0])).toEqual(
      Array.from({ length: 3 }, () => one.DATABASE_URL),
    )
    const three = {
      ...one,
      APP_DATABASE_URL: 'postgres://a:p@db.example/x',
      WORKER_DATABASE_URL: 'postgres://w:p@db.example/x',
    }
    expect(addresses(three, 'web')).toEqual([three.APP_DATABASE_URL, undefined, undefined])
    expect(addresses(three, 'worker')).toEqual([three.WORKER_DATABASE_URL, undefined, undefined])
    expect(addresses(three, 'migrate')).toEqual(Object.values(three))
  })
})
