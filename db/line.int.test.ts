import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createAuthority, type Authority } from '@/stack/certificates'
import { forSpawn, repositoryRoot } from '@/stack/processes'
import { startOwnPostgres } from '@/stack/testing/own-postgres'
import { openWorkerDatabase } from './client'
import { isDatabaseAway, lineRefusal } from './failure'

const folder = mkdtempSync(join(tmpdir(), 'usual-store-line-'))
const servers: Awaited<ReturnType<typeof startOwnPostgres>>[] = []
let authority: Authority

afterAll(async () => {
  for (const server of servers) await server.close()
  rmSync(folder, { recursive: true })
})

async function startServer(certificate: ReturnType<Authority['issue']>): Promise<string> {
  const server = await startOwnPostgres({ certificate })
  servers.push(server)
  return server.url
}

type Change = { host?: string; sslmode?: string; sslrootcert?: string }

/** The same address with another host and these parameters. */
function changed(url: string, { host, ...parameters }: Change): string {
  const address = new URL(url)
  if (host) address.hostname = host
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value)
  return address.href
}

/** As its own process, with nothing said but the address: in production. */
const migrate = (url: string, change: Change, more: Record<string, string> = {}) =>
  spawnSync(process.execPath, ['--import', 'tsx', join(repositoryRoot, 'db/migrate.ts')], {
    cwd: repositoryRoot,
    env: forSpawn({ PATH: process.env['PATH'], DATABASE_URL: changed(url, { host: 'localhost', ...change }), ...more }),
    encoding: 'utf8',
  })

/** What came of one connection. */
async function connect(url: string, change: Change): Promise<unknown> {
  const sql = openWorkerDatabase({ url: changed(url, change), max: 1, part: 'line' })
  try {
    const [line] =
      await sql`select version, cipher is not null as encrypted from pg_stat_ssl where pid = pg_backend_pid()`
    return line
  } catch (error) {
    return error
  } finally {
    await sql.end({ timeout: 1 })
  }
}

const unknown =
  /^The certificate of Postgres is signed by an authority that is not known here: check .* in DATABASE_URL/
const otherName = /^The certificate of Postgres is for another name than the one that we connect to: check/

const lines = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: string; msg: string })

describe('sslmode=verify-full', () => {
  let url: string
  let sslrootcert: string
  beforeAll(async () => {
    authority = createAuthority(join(folder, 'authority'))
    sslrootcert = authority.file
    url = await startServer(authority.issue('postgres'))
  }, 120_000)

  test('encrypts, when the certificate is of that name and of that authority', async () => {
    expect(await connect(url, { host: 'localhost', sslmode: 'verify-full', sslrootcert })).toMatchObject({
      version: 'TLSv1.3',
      encrypted: true,
    })
  })

  test.each([
    ['another authority', { host: 'localhost', sslrootcert: 'another' }, unknown],
    ['only the authorities that Node knows', { host: 'localhost', sslrootcert: 'system' }, unknown],
    ['another name', { host: '127.1' }, otherName],
    // postgres.js by itself would compare it with `localhost`, and take it.
    ['the number of the server, which its certificate does not have', { host: '127.0.0.1' }, otherName],
  ])('refuses a server with %s', async (_, change, sentence) => {
    const given = { sslmode: 'verify-full', sslrootcert, ...change }
    if (given.sslrootcert === 'another') given.sslrootcert = createAuthority(join(folder, 'another')).file
    const error = await connect(url, given)
    expect(lineRefusal(error)).toMatch(sentence)
    expect(isDatabaseAway(error)).toBe(true)
  })

  test('takes the number of a server when the certificate has it', async () => {
    const numbered = await startServer(authority.issue('numbered', { alternativeNames: 'IP:127.0.0.1' }))
    expect(await connect(numbered, { sslmode: 'verify-full', sslrootcert })).toMatchObject({ encrypted: true })
    const error = await connect(numbered, { host: 'localhost', sslmode: 'verify-full', sslrootcert })
    expect(lineRefusal(error)).toMatch(otherName)
  }, 120_000)

  test('refuses a server whose certificate has run out', async () => {
    const expired = await startServer(authority.issue('expired', { expired: true }))
    const error = await connect(expired, { host: 'localhost', sslmode: 'verify-full', sslrootcert })
    expect(lineRefusal(error)).toMatch(/^The certificate of Postgres has run out: check/)
  }, 120_000)

  test('migrates over such a line, and says in one sentence why it cannot', async () => {
    expect(migrate(url, { sslmode: 'verify-full', sslrootcert })).toMatchObject({ status: 0 })
    const { status, stdout } = migrate(url, { sslmode: 'verify-full' })
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ level: 'fatal', msg: expect.stringMatching(unknown) as unknown })
  }, 120_000)

  test('is what another machine needs, unless it is listed, which is said once', () => {
    // The same server, under a name that could be that of another machine.
    const refused = migrate(url, { host: '127.1' })
    expect(refused.status).toBe(1)
    expect(lines(refused.stdout)).toEqual([
      expect.objectContaining({
        level: 'fatal',
        msg: expect.stringMatching(
          /^DATABASE_URL names 127\.1, and nothing on the way there would be encrypted: set sslmode=verify-full in it/,
        ) as unknown,
      }),
    ])
    const listed = migrate(url, { host: '127.1' }, { PLAINTEXT_HOSTS: '127.1' })
    expect(listed.status).toBe(0)
    expect(lines(listed.stdout)).toMatchObject([
      {
        level: 'warn',
        msg: expect.stringMatching(/^PLAINTEXT_HOSTS is set: lines to 127\.1 need not be encrypted\./) as unknown,
      },
      { level: 'info', msg: 'The database is up to date' },
    ])
  }, 120_000)

  test('refuses a server that does not encrypt', async () => {
    const plain = inject('databaseUrl')
    expect(await connect(plain, { host: 'localhost' })).toMatchObject({ encrypted: false })
    const error = await connect(plain, { host: 'localhost', sslmode: 'verify-full', sslrootcert })
    expect(lineRefusal(error)).toMatch(/^Postgres hung up before the line was encrypted: check/)
    expect(isDatabaseAway(error)).toBe(true)
  })
})
