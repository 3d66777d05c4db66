import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  ConfigError,
  readCatcherConfig,
  readDatabaseConfig,
  readSeedConfig,
  readStackConfig,
  readWebConfig,
  readWorkerConfig,
} from './config'

const newKey = () => randomBytes(32).toString('base64')

const worker = {
  DATABASE_URL: 'postgres://someone:pw-canary@127.0.0.1:5432/store',
  KAFKA_BROKERS: 'localhost:9092',
  SECRETS_KEYS: `k1:${newKey()}`,
  SIGNING_KEYS: `k1:${newKey()}`,
  SMTP_HOST: 'localhost',
}
const web = { ...worker, NEXTAUTH_SECRET: 'n'.repeat(32) }
const seed = {
  APP_ENV: 'local',
  DATABASE_URL: worker.DATABASE_URL,
  LOCAL_ADMIN_EMAIL: 'admin@example.com',
  LOCAL_ADMIN_PASSWORD: 'qwerty12',
  LOCAL_API_KEY: `usk_${'k'.repeat(40)}`,
}

/** The sentence that whoever starts the process gets to read. */
function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('It was not refused')
}
const remedy = ' Set it in .env or in the environment (see .env.example).'

test('what is needed is little; the rest has the original’s and the design’s standards', () => {
  expect(readWorkerConfig(worker)).toMatchObject({
    APP_ENV: 'production',
    KAFKA_BROKERS: ['localhost:9092'],
    KAFKA_TOPIC: 'email-notifications',
    KAFKA_DLQ_TOPIC: 'email-dlq',
    KAFKA_GROUP_ID: 'messaging-service-group',
    KAFKA_PARTITIONS: 12,
    SMTP_PORT: 2525,
    SMTP_USER: 'noreply@usualstore.com',
    SMTP_SECURE: false,
    WORKER_PORT: 6001,
    MAX_RETRIES: 3,
    RETRY_BASE_MS: 30_000,
    HOLD_MS: 60_000,
    AMBIGUOUS_WAIT_MS: 300_000,
  })
  expect(readStackConfig({})).toMatchObject({ WEB_PORT: 3005, API_PORT: 4001, POSTGRES_PORT: 5433, STACK_DIR: '.data' })
  expect(readCatcherConfig({})).toEqual({ MAIL_SMTP_PORT: 2525, MAIL_UI_PORT: 8025, STACK_DIR: '.data' })
})

test.each(Object.keys(worker))('the worker does not start without %s, and says so', (name) => {
  expect(refusal(() => readWorkerConfig({ ...worker, [name]: undefined }))).toBe(`${name} is not set.${remedy}`)
  // As `SMTP_HOST=` in a file.
  expect(refusal(() => readWorkerConfig({ ...worker, [name]: '' }))).toBe(`${name} is not set.${remedy}`)
})

test('mail goes to everybody unless a mode says otherwise; a guest list is addresses and domains', () => {
  expect(readWorkerConfig(worker)).toMatchObject({ DELIVERY_MODE: 'live', DELIVERY_GUEST_LIST: [] })
  const set = { ...worker, DELIVERY_MODE: 'guest_list', DELIVERY_GUEST_LIST: ' a@example.com, @example.org ,' }
  expect(readWorkerConfig(set)).toMatchObject({
    DELIVERY_MODE: 'guest_list',
    DELIVERY_GUEST_LIST: ['a@example.com', '@example.org'],
  })
  expect(refusal(() => readWorkerConfig({ ...worker, DELIVERY_MODE: 'off' }))).toContain('DELIVERY_MODE')
  expect(refusal(() => readWorkerConfig({ ...worker, DELIVERY_GUEST_LIST: 'example.org' }))).toContain(
    'DELIVERY_GUEST_LIST must be addresses such as a@example.com or domains such as @example.com',
  )
})

test('the limits of a day hold in production, and in the local stack only where they are set', () => {
  const web = { ...worker, NEXTAUTH_SECRET: 'a secret of at least 32 characters!' }
  expect(readWebConfig(web)).toMatchObject({
    LIMIT_RECIPIENT_PER_DAY: 50,
    LIMIT_KEY_PER_DAY: 10_000,
    LIMIT_STAFF_PER_DAY: 500,
  })
  expect(readWebConfig({ ...web, APP_ENV: 'local', LIMIT_KEY_PER_DAY: '7' })).toMatchObject({
    LIMIT_RECIPIENT_PER_DAY: 0,
    LIMIT_KEY_PER_DAY: 7,
    LIMIT_STAFF_PER_DAY: 0,
  })
  expect(refusal(() => readWebConfig({ ...web, LIMIT_KEY_PER_DAY: '-1' }))).toContain('LIMIT_KEY_PER_DAY')
})

test('the web process does not start without a secret for its sessions', () => {
  expect(refusal(() => readWebConfig(worker))).toBe(`NEXTAUTH_SECRET is not set.${remedy}`)
})

test('everything that is wrong is named at once', () => {
  const sentence = refusal(() => readWebConfig({}))
  expect(Object.keys(web).filter((name) => !sentence.includes(`${name} is not set`))).toEqual([])
})

test.each<[string, string, string]>([
  ['SMTP_PORT', 'many', 'must be a number'],
  ['SMTP_PORT', '25.5', 'must be a whole number'],
  ['SMTP_PORT', '0', 'must be a whole number of at least 1'],
  ['SMTP_PORT', '-1', 'must be a whole number of at least 1'],
  ['SMTP_PORT', '65536', 'must be a whole number of at most 65535'],
  ['WORKER_PORT', '1e9', 'must be a whole number of at most 65535'],
  ['RETRY_BASE_MS', '0', 'must be a whole number of at least 1'],
  ['RETRY_BASE_MS', 'Infinity', 'must be a number'],
  ['RETRY_BASE_MS', '99999999999', 'must be a whole number of at most 86400000'],
  ['MAX_RETRIES', '0', 'must be a whole number of at least 1'],
  ['MAX_RETRIES', '11', 'must be a whole number of at most 10'],
  ['KAFKA_BROKERS', 'kafka', 'must be host:port, several separated by commas'],
  ['KAFKA_BROKERS', 'a:9092,b', 'must be host:port, several separated by commas'],
  ['KAFKA_BROKERS', 'http://a:9092', 'must be host:port, several separated by commas'],
  ['DATABASE_URL', 'mysql://someone:pw-canary@host/db', 'must be a postgres:// address'],
  ['NEXTAUTH_URL', 'support.example.com', 'must be a web address that begins with http:// or https://'],
  ['NEXTAUTH_URL', 'ftp://example.com', 'must be a web address that begins with http:// or https://'],
  ['STORE_URL', 'javascript:alert(1)', 'must be a web address that begins with http:// or https://'],
  ['SMTP_USER', 'noreply', 'must be a mail address'],
  ['SMTP_SECURE', 'yes', 'must be one of: true, false'],
  ['APP_ENV', 'test', 'must be one of: local, production'],
  ['LOG_LEVEL', 'loud', 'must be one of: fatal, error, warn, info, debug, silent'],
])('%s=%s: it %s', (name, value, must) => {
  expect(refusal(() => readWorkerConfig({ ...worker, [name]: value }))).toBe(`${name} ${must}.${remedy}`)
})

describe('a keyring', () => {
  const mustBe = 'must be pairs like key1:<32 bytes in base64>, separated by commas'

  test('holds the key in use first, and others that are still accepted', () => {
    const [one, two] = [newKey(), newKey()]
    const { SECRETS_KEYS } = readWorkerConfig({ ...worker, SECRETS_KEYS: `new:${one}, old:${two}` })
    expect(SECRETS_KEYS.map(({ id, secret }) => [id, secret.toString('base64')])).toEqual([
      ['new', one],
      ['old', two],
    ])
  })

  test.each([
    'canary',
    'k1:',
    `:${newKey()}`,
    newKey(),
    `k1:${randomBytes(31).toString('base64')}`,
    `k1:${randomBytes(33).toString('base64')}`,
    `k1:${newKey()},`,
    `k1:${newKey()},k2:canary`,
    `k 1:${newKey()}`,
    `${'k'.repeat(33)}:${newKey()}`,
  ])('is not %s', (value) => {
    for (const name of ['SECRETS_KEYS', 'SIGNING_KEYS'])
      expect(refusal(() => readWorkerConfig({ ...worker, [name]: value }))).toBe(`${name} ${mustBe}.${remedy}`)
  })

  test('gives no id twice: the second key would never be found', () => {
    expect(refusal(() => readWorkerConfig({ ...worker, SIGNING_KEYS: `k1:${newKey()},k1:${newKey()}` }))).toBe(
      `SIGNING_KEYS must give each key an id of its own: two have the same.${remedy}`,
    )
  })
})

describe('what must stand in a relation', () => {
  test.each([{ SMTP_USERNAME: 'me' }, { SMTP_PASSWORD: 'pw-canary' }, { SMTP_USERNAME: 'me', SMTP_PASSWORD: '' }])(
    'a sign-in for SMTP is a name and a password',
    (half) => {
      expect(refusal(() => readWorkerConfig({ ...worker, ...half }))).toBe(
        'SMTP_USERNAME and SMTP_PASSWORD go together: set both, or neither.',
      )
    },
  )

  test.each(['SMTP_FALLBACK_USERNAME', 'SMTP_FALLBACK_PASSWORD', 'SMTP_FALLBACK_PORT'])(
    'a second route without a host is none: %s alone is refused',
    (name) => {
      const both = { SMTP_FALLBACK_USERNAME: 'me', SMTP_FALLBACK_PASSWORD: 'pw-canary' }
      const half = name === 'SMTP_FALLBACK_PORT' ? { [name]: '465' } : both
      expect(refusal(() => readWorkerConfig({ ...worker, ...half }))).toMatch(
        /^SMTP_FALLBACK_(USERNAME|PORT) is set, but SMTP_FALLBACK_HOST is not/,
      )
      expect(() => readWorkerConfig({ ...worker, ...half, SMTP_FALLBACK_HOST: '127.0.0.1' })).not.toThrow()
    },
  )

  test('a hold outlives the pause between two renewals', () => {
    expect(refusal(() => readWorkerConfig({ ...worker, HOLD_MS: '14999' }))).toMatch(/^HOLD_MS must be at least 15000/)
    expect(readWorkerConfig({ ...worker, HOLD_MS: '15000' }).HOLD_MS).toBe(15_000)
  })

  test('no two parts of the stack share a port, whether given or standard', () => {
    expect(refusal(() => readStackConfig({ API_PORT: '3100', WEB_PORT: '3100' }))).toBe(
      'API_PORT and WEB_PORT are both 3100: give each its own port.',
    )
    expect(refusal(() => readStackConfig({ MAIL_UI_PORT: '9092' }))).toBe(
      'MAIL_UI_PORT and KAFKA_PORT are both 9092: give each its own port.',
    )
  })
})

describe('the known sign-in', () => {
  test('exists in the local stack alone', () => {
    expect(readSeedConfig(seed)).toEqual(seed)
    expect(refusal(() => readSeedConfig({ ...seed, APP_ENV: 'production' }))).toBe(
      `APP_ENV is not local: the known sign-in is only for the local stack.${remedy}`,
    )
    expect(refusal(() => readSeedConfig({ ...seed, APP_ENV: undefined }))).toBe(`APP_ENV is not set.${remedy}`)
  })

  test.each([
    ['LOCAL_ADMIN_PASSWORD', 'canary', 'must be at least 8 characters long'],
    ['LOCAL_API_KEY', `canary${'k'.repeat(40)}`, 'must begin with usk_'],
    ['LOCAL_API_KEY', 'usk_canary', 'must be at least 32 characters long'],
    ['LOCAL_ADMIN_EMAIL', 'canary', 'must be a mail address'],
  ])('%s %s: it %s', (name, value, must) => {
    expect(refusal(() => readSeedConfig({ ...seed, [name]: value }))).toBe(`${name} ${must}.${remedy}`)
  })
})

test('no refusal repeats a value that may be secret', () => {
  const canary = 'sk-canary'
  const secrets = [
    'DATABASE_URL',
    'SECRETS_KEYS',
    'SIGNING_KEYS',
    'NEXTAUTH_SECRET',
    'LOCAL_ADMIN_PASSWORD',
    'LOCAL_API_KEY',
  ]
  const given = Object.fromEntries(secrets.map((name) => [name, canary]))
  const readers = [readWebConfig, readWorkerConfig, readDatabaseConfig, readSeedConfig, readStackConfig]
  for (const read of readers) {
    const sentence = refusal(() => read({ ...web, ...seed, ...given, LOCAL_ADMIN_PASSWORD: 'canary' }))
    expect(sentence).not.toContain('canary')
    expect(sentence).toMatch(/^[A-Z_]+ /)
  }
  expect(refusal(() => readWorkerConfig({ ...worker, SMTP_PASSWORD: canary }))).not.toContain(canary)
})
