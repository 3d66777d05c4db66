import { expect, test } from 'vitest'

import { readStackConfig } from '@/runtime/config'

import { portsInUse } from './checks'
import { childEnvironment } from './commands'
import type { Secrets } from './folder'

const secrets: Secrets = {
  databasePassword: 'pw',
  nextauthSecret: 'n'.repeat(32),
  secretsKeys: 'local:a',
  signingKeys: 'local:b',
  apiKey: 'usk_x',
}
const environmentFor = (given: Record<string, string>) =>
  childEnvironment({ environment: given, config: readStackConfig(given), secrets, folder: '/data' })

test('its own parts are used when nothing else is given', () => {
  expect(environmentFor({ WEB_PORT: '4005', POSTGRES_PORT: '4433', MAIL_SMTP_PORT: '4525' })).toMatchObject({
    APP_ENV: 'local',
    DATABASE_URL: 'postgres://usual_store:pw@127.0.0.1:4433/usual_store',
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
