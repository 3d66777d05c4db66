import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createAuthority, type Authority } from '@/stack/certificates'
import { freePort } from '@/stack/ports'
import { goOn, ScriptedSmtp, type Moment } from '@/stack/scripted-smtp'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'
import { until } from '@/stack/until'

const soon = { timeout: 60_000, interval: 25 }

describe('mail in production goes over encrypted lines alone', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'usual-store-secured-smtp-'))
  let authority: Authority
  let good: SecureContext
  let primary: ScriptedSmtp
  let fallback: ScriptedSmtp
  let road: Pipeline
  /** What was said to the first server, in order. */
  let moments: Moment[] = []

  beforeAll(async () => {
    authority = createAuthority(join(folder, 'certificates'))
    good = authority.issue('good').context
    primary = new ScriptedSmtp(await freePort(), join(folder, 'primary.log'))
    fallback = new ScriptedSmtp(await freePort(), join(folder, 'fallback.log'))
    await primary.listen()
    road = await openPipeline({ SMTP_PORT: String(primary.port), BREAKER_PROBE_MS: '200' })
    road.onClose(() => Promise.all([primary.close(), fallback.close()]))
    road.spawnWorker({
      APP_ENV: 'production',
      // An operator's slip must not open the lines.
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      NODE_NO_WARNINGS: '1',
      NODE_EXTRA_CA_CERTS: authority.file,
      SMTP_HOST: 'localhost',
      SMTP_REQUIRE_TLS: 'true',
      SMTP_FALLBACK_HOST: 'localhost',
      SMTP_FALLBACK_PORT: String(fallback.port),
      SMTP_FALLBACK_SECURE: 'true',
    })
  }, 120_000)
  afterAll(async () => {
    await road.close()
    rmSync(folder, { recursive: true })
  })

  /** New lines, with this certificate: what is kept open was made with the one before. */
  async function show(certificate: SecureContext | null): Promise<void> {
    await primary.die()
    primary.certificate = certificate
    await primary.listen()
  }

  beforeEach(async () => {
    moments = []
    primary.script = ({ moment }) => {
      moments.push(moment)
      return goOn
    }
    await fallback.die()
    await show(good)
    if (!(await until(async () => (await breaker('primary')).state === 'closed', 60_000)))
      throw new Error('The mail server is well again, and the breaker is still open')
  })

  const breaker = async (route: string) =>
    (
      await road.sql<{ state: string; kind?: string; cause?: string }[]>`
      select state, kind, cause from breakers where route = ${route}`
    )[0] ?? { state: 'closed' }
  const statusOf = async (id: string) =>
    (await road.sql<{ status: string }[]>`select status from messages where id = ${id}`)[0]?.status
  async function send(to: string): Promise<string> {
    const { id, record } = await road.accept({ to })
    expect(await road.publisher.publish(road.config.KAFKA_TOPIC, [record], 10_000)).toEqual([true])
    return id
  }

  test('by STARTTLS, with a certificate of that name and of an authority that we know', async () => {
    const id = await send('good@example.com')
    await expect.poll(() => statusOf(id), soon).toBe('sent')
    expect(moments.slice(0, 6)).toEqual(['connect', 'ehlo', 'starttls', 'ehlo', 'mail', 'rcpt'])
  })

  const onlyTls11 = () => {
    const { key, certificate } = authority.issue('old')
    const versions = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    return createSecureContext({ key: readFileSync(key), cert: readFileSync(certificate), ...versions })
  }

  test.each<[string, () => SecureContext | null, string]>([
    [
      'whose certificate has run out',
      () => authority.issue('expired', { expired: true }).context,
      'certificate_invalid',
    ],
    [
      'whose certificate is for another name',
      () => authority.issue('other', { alternativeNames: 'DNS:mx.example.net' }).context,
      'certificate_invalid',
    ],
    [
      'whose authority we do not know',
      () => createAuthority(join(folder, 'strangers')).issue('stranger').context,
      'certificate_invalid',
    ],
    ['that offers no STARTTLS', () => null, 'tls_failed'],
    ['that knows TLS 1.1 at the most', onlyTls11, 'tls_failed'],
  ])('not to a server %s: it is told nothing, and gets the mail once it is well', async (_, bad, cause) => {
    await show(bad())
    const to = `${randomUUID()}@example.com`
    const id = await send(to)
    await expect.poll(() => breaker('primary'), soon).toMatchObject({ state: 'open', kind: 'configuration', cause })
    expect(primary.tries.get(to)).toBeUndefined()
    expect(moments).not.toContain('mail')
    await show(good)
    await expect.poll(() => statusOf(id), soon).toBe('sent')
  })

  test('by the second server, encrypted from the first byte, while the first cannot be trusted', async () => {
    await show(authority.issue('expired-again', { expired: true }).context)
    fallback.certificate = good
    fallback.encryptsAtOnce = true
    const said: Moment[] = []
    fallback.script = ({ moment }) => {
      said.push(moment)
      return goOn
    }
    await fallback.listen()
    await road.sql`update breakers set probe_at = now()`
    const id = await send('second@example.com')
    await expect.poll(() => statusOf(id), soon).toBe('sent')
    expect(fallback.accepted.map((mail) => mail.id)).toContain(id)
    expect(said).not.toContain('starttls')
  })
})
