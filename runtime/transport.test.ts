import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority } from '@/stack/certificates'
import { ConfigError, readDatabaseConfig, readWebConfig, readWorkerConfig } from './config'

const key = () => `k1:${randomBytes(32).toString('base64')}`
const postgres = 'postgres://someone:pw-canary@db.example:5432/store'

/** A production where every line is encrypted. */
const secured = {
  DATABASE_URL: `${postgres}?sslmode=verify-full`,
  KAFKA_BROKERS: 'k1.example:9093,k2.example:9093',
  KAFKA_SSL: 'true',
  SECRETS_KEYS: key(),
  SIGNING_KEYS: key(),
  SMTP_HOST: 'mx.example',
  SMTP_REQUIRE_TLS: 'true',
  NEXTAUTH_SECRET: 'n'.repeat(32),
  NEXTAUTH_URL: 'https://support.example',
}
const sasl = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'app', KAFKA_SASL_PASSWORD: 'pw-canary' }

function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('It was not refused')
}
const readers = { web: readWebConfig, worker: readWorkerConfig, migrate: readDatabaseConfig }
type Reader = keyof typeof readers

describe('in production', () => {
  test('a process starts when every line is encrypted', () => {
    for (const read of Object.values(readers)) expect(() => read(secured)).not.toThrow()
  })

  test.each<[Record<string, string>, Reader[], string]>([
    [
      { DATABASE_URL: postgres },
      ['web', 'worker', 'migrate'],
      'DATABASE_URL names db.example, and nothing on the way there would be encrypted: set sslmode=verify-full in it',
    ],
    [
      { DATABASE_URL: `${postgres}?sslmode=disable` },
      ['web', 'worker', 'migrate'],
      'DATABASE_URL names db.example, and nothing on the way there would be encrypted: set sslmode=verify-full in it',
    ],
    [
      { KAFKA_SSL: 'false' },
      ['web', 'worker'],
      'KAFKA_BROKERS names k1.example, k2.example, and nothing on the way there would be encrypted: set KAFKA_SSL=true',
    ],
    [
      // SCRAM hides the password, not the mails.
      { KAFKA_SSL: '', ...sasl },
      ['web', 'worker'],
      'KAFKA_BROKERS names k1.example, k2.example, and nothing on the way there would be encrypted: set KAFKA_SSL=true',
    ],
    [
      { SMTP_REQUIRE_TLS: '' },
      ['worker'],
      'SMTP_HOST names mx.example, and nothing on the way there would be encrypted: set SMTP_REQUIRE_TLS=true (as on port 587) or SMTP_SECURE=true (as on port 465)',
    ],
    [
      { SMTP_FALLBACK_HOST: 'mx2.example' },
      ['worker'],
      'SMTP_FALLBACK_HOST names mx2.example, and nothing on the way there would be encrypted: set SMTP_FALLBACK_REQUIRE_TLS=true (as on port 587) or SMTP_FALLBACK_SECURE=true (as on port 465)',
    ],
  ])('%o is refused', (wrong, by, sentence) => {
    const given = { ...secured, ...wrong }
    const end = /; or, only for a network that nobody else can reach, list (it|them) in PLAINTEXT_HOSTS\.$/
    for (const name of by) {
      const said = refusal(() => readers[name](given))
      expect(said.replace(end, '')).toBe(sentence)
      expect(said).toMatch(end)
      expect(said).not.toContain('canary')
      // In the local stack it is allowed, and where the hosts are listed.
      expect(() => readers[name]({ ...given, APP_ENV: 'local' })).not.toThrow()
      const listed = 'DB.example, k1.example,k2.example,mx.example,mx2.example'
      expect(() => readers[name]({ ...given, PLAINTEXT_HOSTS: listed })).not.toThrow()
    }
  })

  test('all that is wrong is said at once', () => {
    const said = refusal(() =>
      readWorkerConfig({ ...secured, DATABASE_URL: postgres, KAFKA_SSL: '', SMTP_REQUIRE_TLS: '' }),
    )
    for (const name of ['DATABASE_URL', 'KAFKA_BROKERS', 'SMTP_HOST']) expect(said).toContain(`${name} names`)
  })

  test.each([
    { DATABASE_URL: 'postgres://someone@127.0.0.2/store' },
    { KAFKA_BROKERS: 'localhost:9092,127.0.0.1:9093', KAFKA_SSL: '' },
    { SMTP_HOST: '::1', SMTP_REQUIRE_TLS: '' },
    { SMTP_REQUIRE_TLS: '', SMTP_SECURE: 'true' },
    { NEXTAUTH_URL: 'http://localhost:3005' },
    { NEXTAUTH_URL: 'http://127.0.0.1:3005' },
  ])('%o is taken: it stays on this machine, or is encrypted', (given) => {
    expect(() => readWorkerConfig({ ...secured, ...given })).not.toThrow()
  })

  test('sessions travel over https://, also where a host is listed', () => {
    const given = { ...secured, NEXTAUTH_URL: 'http://support.example', PLAINTEXT_HOSTS: 'support.example' }
    for (const read of [readWebConfig, readWorkerConfig]) {
      expect(refusal(() => read(given))).toBe(
        'NEXTAUTH_URL begins with http://, so sessions and links to support.example would travel unencrypted: set it to the https:// address of the dashboard.',
      )
      expect(() => read({ ...given, APP_ENV: 'local' })).not.toThrow()
    }
  })

  test.each(['*', 'kafka postgres', 'http://kafka', ',', 'kafka,'])('PLAINTEXT_HOSTS is not %s', (hosts) => {
    expect(refusal(() => readWebConfig({ ...secured, PLAINTEXT_HOSTS: hosts }))).toMatch(
      /^PLAINTEXT_HOSTS must be host names, several separated by commas\./,
    )
  })
})

const not = (parameters: string) =>
  refusal(() => readDatabaseConfig({ ...secured, DATABASE_URL: `${postgres}?${parameters}`, APP_ENV: 'local' }))

describe('DATABASE_URL', () => {
  test.each(['require', 'verify-ca', 'prefer', 'allow', 'no-verify'])(
    'does not take sslmode=%s, which checks nothing',
    (mode) => {
      expect(not(`sslmode=${mode}`)).toMatch(
        /^DATABASE_URL has a sslmode that does not check who answers: say sslmode=verify-full, or leave it out\./,
      )
    },
  )

  test('does not take what would be passed over', () => {
    expect(not('ssl=true')).toMatch(/^DATABASE_URL has ssl, which is not understood: say sslmode=verify-full\./)
    expect(not('sslmode=verify-full&sslcert=/a')).toMatch(/^DATABASE_URL has sslcert, which is not understood/)
    expect(not('sslrootcert=system')).toMatch(/^DATABASE_URL has sslrootcert without sslmode=verify-full/)
  })

  test('names one server', () => {
    const several = { DATABASE_URL: 'postgres://someone@a.example,b.example/store?sslmode=verify-full' }
    expect(refusal(() => readDatabaseConfig(several))).toMatch(/^DATABASE_URL must name one server\./)
    expect(refusal(() => readDatabaseConfig({ DATABASE_URL: 'postgres:///store' }))).toMatch(
      /^DATABASE_URL must name one server\./,
    )
  })

  test('says which sslrootcert cannot be read', () => {
    expect(not('sslmode=verify-full&sslrootcert=ca.pem')).toMatch(
      /^DATABASE_URL has a sslrootcert that must be the whole path of a PEM file, from \/ on\./,
    )
    expect(not('sslmode=verify-full&sslrootcert=/nowhere/ca.pem')).toMatch(
      /^DATABASE_URL has a sslrootcert that names a file that cannot be read \(ENOENT\)\./,
    )
  })
})

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const otherKey = () => pair().export({ type: 'pkcs8', format: 'pem' }) as string
const locked = () =>
  pair().export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'a password' }) as string

describe('the way into Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'usual-store-pem-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  let certificates: { KAFKA_SSL_CA: string; KAFKA_SSL_CERT: string; KAFKA_SSL_KEY: string }
  beforeAll(() => {
    const authority = createAuthority(join(folder, 'certificates'))
    const { key, certificate } = authority.issue('app')
    certificates = { KAFKA_SSL_CA: authority.file, KAFKA_SSL_CERT: certificate, KAFKA_SSL_KEY: key }
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('is read from its files once', () => {
    expect(readWebConfig({ ...secured, ...certificates, ...sasl })).toMatchObject({
      KAFKA_SSL: true,
      KAFKA_SSL_CA: expect.stringMatching(/^-----BEGIN CERTIFICATE/) as unknown,
      KAFKA_SSL_CERT: expect.stringMatching(/^-----BEGIN CERTIFICATE/) as unknown,
      KAFKA_SSL_KEY: expect.stringMatching(/^-----BEGIN PRIVATE KEY/) as unknown,
      ...sasl,
    })
  })

  test.each<[string, () => Record<string, string>, RegExp]>([
    [
      'a name without a password',
      () => ({ ...sasl, KAFKA_SASL_PASSWORD: '' }),
      /^KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD go together/,
    ],
    [
      'a sign-in without a mechanism',
      () => ({ ...sasl, KAFKA_SASL_MECHANISM: '' }),
      /^KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and/,
    ],
    [
      'an unknown mechanism',
      () => ({ ...sasl, KAFKA_SASL_MECHANISM: 'md5' }),
      /^KAFKA_SASL_MECHANISM must be one of: scram-sha-512, scram-sha-256, plain/,
    ],
    [
      'plain without TLS',
      () => ({ ...sasl, KAFKA_SASL_MECHANISM: 'plain', KAFKA_SSL: '' }),
      /^KAFKA_SASL_MECHANISM is plain, which sends the password as it is: set KAFKA_SSL=true/,
    ],
    [
      'a certificate without its key',
      () => ({ ...certificates, KAFKA_SSL_KEY: '' }),
      /^KAFKA_SSL_CERT and KAFKA_SSL_KEY go together/,
    ],
    [
      'an authority, and no TLS',
      () => ({ KAFKA_SSL_CA: certificates.KAFKA_SSL_CA, KAFKA_SSL: '' }),
      /^KAFKA_SSL_CA is set, but KAFKA_SSL is not true/,
    ],
    [
      'a path from where we stand',
      () => ({ KAFKA_SSL_CA: 'ca.pem' }),
      /^KAFKA_SSL_CA must be the whole path of a PEM file, from \/ on\./,
    ],
    [
      'a file that is not there',
      () => ({ KAFKA_SSL_CA: join(folder, 'none') }),
      /^KAFKA_SSL_CA names a file that cannot be read \(ENOENT\)\./,
    ],
    [
      'a file of something else',
      () => ({ KAFKA_SSL_CA: file('text', 'canary') }),
      /^KAFKA_SSL_CA names a file that does not hold certificates in PEM form\./,
    ],
    [
      'a broken certificate',
      () => ({ KAFKA_SSL_CA: file('broken', '-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n') }),
      /^KAFKA_SSL_CA names a file that does not hold certificates in PEM form\./,
    ],
    [
      'a key that is none',
      () => ({ ...certificates, KAFKA_SSL_KEY: certificates.KAFKA_SSL_CERT }),
      /^KAFKA_SSL_KEY names a file that does not hold a private key without a password in PEM form\./,
    ],
    [
      'a key with a password',
      () => ({ ...certificates, KAFKA_SSL_KEY: file('locked', locked()) }),
      /^KAFKA_SSL_KEY names a file that does not hold a private key without a password/,
    ],
    [
      'the key of another certificate',
      () => ({ ...certificates, KAFKA_SSL_KEY: file('other', otherKey()) }),
      /^KAFKA_SSL_KEY is not the key of KAFKA_SSL_CERT\.$/,
    ],
  ])('is not %s', (_, change, sentence) => {
    const given = { ...secured, APP_ENV: 'local', ...change() }
    for (const read of [readWebConfig, readWorkerConfig]) {
      const said = refusal(() => read(given))
      expect(said).toMatch(sentence)
      expect(said).not.toContain('canary')
    }
  })
})
