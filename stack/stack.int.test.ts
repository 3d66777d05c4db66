import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import postgres from 'postgres'
import { afterEach, describe, expect, test } from 'vitest'

import { canConnect } from './ports'
import { isRunning, Launcher, stackEnvironment } from './testing/launcher'
import { until } from './until'

type Given = Awaited<ReturnType<typeof stackEnvironment>>

const launched: Launcher[] = []
const folders: string[] = []

async function given(): Promise<Given> {
  const environment = await stackEnvironment()
  folders.push(environment.STACK_DIR)
  return environment
}

function start(environment: Given & Record<string, string>): Launcher {
  const launcher = new Launcher(environment)
  launched.push(launcher)
  return launcher
}

afterEach(async () => {
  for (const launcher of launched.splice(0)) {
    launcher.signal('SIGTERM')
    await launcher.exitCode
  }
  for (const folder of folders.splice(0)) {
    if (!(await until(() => !existsSync(join(folder, 'guard.json')), 20_000)))
      throw new Error(`${folder} is still in use`)
    rmSync(folder, { recursive: true })
  }
})

async function execute(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const sql = postgres(url, { max: 1, connect_timeout: 5 })
  try {
    return await sql.unsafe(statement)
  } finally {
    await sql.end()
  }
}

test('it comes up whole, brings back whatever dies, stops in order and keeps its data', async () => {
  const environment = await given()
  const launcher = start(environment)
  const stack = await launcher.ready()

  expect(statSync(join(environment.STACK_DIR, 'stack.json')).mode & 0o777).toBe(0o600)
  expect(stack).toMatchObject({
    web: `http://localhost:${environment.WEB_PORT}`,
    api: `http://localhost:${environment.API_PORT}`,
    kafka: `127.0.0.1:${environment.KAFKA_PORT}`,
    login: { email: 'admin@example.com', password: 'qwerty12' },
    api_key: expect.stringMatching(/^usk_/),
  })
  expect(launcher.output).toContain(stack.api_key)

  const answer = await fetch(`${stack.api}/api/users?page=2`, {
    method: 'POST',
    headers: { 'x-forwarded-for': '203.0.113.9' },
    body: 'as sent',
  })
  expect(await answer.json()).toMatchObject({
    part: 'web',
    method: 'POST',
    url: '/api/users?page=2',
    body: 'as sent',
    headers: { 'x-forwarded-for': '127.0.0.1' },
    environment: { APP_ENV: 'local', NEXTAUTH_URL: stack.web, SMTP_PORT: environment.MAIL_SMTP_PORT },
  })
  await execute(stack.database, 'create table kept as select 42 as answer')

  for (const pid of Object.values(stack.pids)) process.kill(pid, 'SIGKILL')
  for (const title of ['Web', 'Worker', 'Mail catcher', 'Kafka', 'PostgreSQL']) {
    expect(await until(() => launcher.output.includes(`${title} is back`), 20_000)).toBe(true)
    expect(launcher.output).toContain(`${title} died (ended by SIGKILL): starting it again`)
  }
  for (const [name, pid] of Object.entries(launcher.describe().pids)) expect(pid).not.toBe(stack.pids[name as 'web'])
  expect(await execute(stack.database, 'select answer from kept')).toEqual([{ answer: 42 }])

  const pids = launcher.pids()
  const ended = join(environment.STACK_DIR, 'ended')
  rmSync(ended)
  launcher.signal('SIGTERM')
  expect(await launcher.exitCode).toBe(0)
  expect(readFileSync(ended, 'utf8').trim().split('\n')).toEqual([
    'web asked',
    'web ended',
    'worker asked',
    'worker ended',
    'catcher asked',
    'catcher ended',
  ])
  expect(pids.filter(isRunning)).toEqual([])
  expect(existsSync(join(environment.STACK_DIR, 'stack.json'))).toBe(false)

  const again = start({ ...environment, STAND_IN_HANGS: 'worker' })
  const { api_key, pids: newPids } = await again.ready()
  expect(api_key).toBe(stack.api_key)
  expect(await execute(stack.database, 'select answer from kept')).toEqual([{ answer: 42 }])

  process.kill(newPids.web as number, 'SIGKILL')
  const refusal = await fetch(`${stack.api}/api/users`)
  expect(refusal.status).toBe(502)
  expect(await refusal.json()).toEqual({
    error: true,
    message: expect.stringContaining('not answering'),
    errors: {},
    request_id: refusal.headers.get('x-request-id'),
  })

  // A second Ctrl-C has no patience with a worker that hangs.
  rmSync(ended)
  again.signal('SIGINT')
  expect(await until(() => existsSync(ended) && readFileSync(ended, 'utf8').includes('worker asked'), 5_000)).toBe(true)
  const asked = performance.now()
  again.signal('SIGINT')
  expect(await again.exitCode).toBe(0)
  expect(performance.now() - asked).toBeLessThan(5_000)
})

test('a killed launcher leaves no process behind, and the next start works at once', async () => {
  const environment = await given()
  const killed = start(environment)
  const { database } = await killed.ready()
  await execute(database, 'create table kept as select 42 as answer')
  const pids = killed.pids()
  killed.signal('SIGKILL')

  const next = start(environment) // while the former one is still being ended
  await next.ready()
  expect(pids.filter(isRunning)).toEqual([])
  expect(await execute(database, 'select answer from kept')).toEqual([{ answer: 42 }])

  // The worst case: launcher and guard both gone, so that nobody ended the rest.
  const [guard, ...orphans] = next.pids() as [number, ...number[]]
  next.signal('SIGSTOP') // it would start another guard
  process.kill(guard, 'SIGKILL')
  next.signal('SIGKILL')
  await next.exitCode
  expect(orphans.some(isRunning)).toBe(true)
  await start(environment).ready()
  expect(orphans.filter(isRunning)).toEqual([])
})

test('two stacks run side by side, each with its own folder and guard', async () => {
  const [one, other] = [await given(), await given()]
  const first = start(one)
  const second = start(other)
  const [firstStack, secondStack] = [await first.ready(), await second.ready()]
  expect(firstStack.api_key).not.toBe(secondStack.api_key)

  const intruder = start({ ...(await given()), STACK_DIR: one.STACK_DIR })
  expect(await intruder.exitCode).toBe(1)
  expect(intruder.output).toContain(`A stack already runs on ${one.STACK_DIR}`)
  expect(await canConnect('127.0.0.1', Number(one.WEB_PORT), 1_000)).toBe(true)

  // A killed guard is replaced, and the new one still ends everything.
  const [guard] = second.pids()
  process.kill(guard as number, 'SIGKILL')
  expect(await until(() => second.pids()[0] !== guard, 5_000)).toBe(true)
  const pids = second.pids()
  second.signal('SIGKILL')
  expect(await until(() => !pids.some(isRunning), 15_000)).toBe(true)
})

test('a signal during the start stops it', async () => {
  const environment = await given()
  const launcher = start(environment)
  expect(await until(() => existsSync(join(environment.STACK_DIR, 'logs/kafka.log')), 20_000)).toBe(true)
  const pids = launcher.pids()
  launcher.signal('SIGINT')
  expect(await launcher.exitCode).toBe(0)
  expect(pids.filter(isRunning)).toEqual([])
})

async function fails(environment: Given & Record<string, string>): Promise<string> {
  const launcher = start(environment)
  expect(await launcher.exitCode).toBe(1)
  expect(existsSync(join(environment.STACK_DIR, 'guard.json'))).toBe(false)
  expect(launcher.output).not.toContain('    at ') // a stack trace
  return launcher.output
}

describe('one sentence, exit code 1 and nothing left running for', () => {
  test('a taken port: who holds it, and which variable moves it', async () => {
    const environment = await given()
    const holder = createServer().listen(Number(environment.WORKER_PORT), '127.0.0.1')
    const output = await fails(environment)
    expect(output).toContain(`${environment.WORKER_PORT} (WORKER_PORT, by node (pid ${process.pid}))`)
    expect(output).toContain('WORKER_PORT=')
    await new Promise((resolve) => holder.close(resolve))
  })

  test('a missing Java', async () => {
    const environment = await given()
    const programs = mkdtempSync(join(tmpdir(), 'usual-store-path-')) // holds what is needed, but no java
    symlinkSync('/usr/bin/unshare', join(programs, 'unshare'))
    const output = await fails({ ...environment, PATH: programs })
    rmSync(programs, { recursive: true })
    expect(output).toContain('Kafka needs Java 17 or newer')
    expect(output).toContain('KAFKA_BROKERS')
  })

  test('an unreachable KAFKA_BROKERS', async () => {
    const environment = await given()
    const output = await fails({ ...environment, KAFKA_BROKERS: `127.0.0.1:${environment.KAFKA_PORT}` })
    expect(output).toContain(`KAFKA_BROKERS is set, but nothing answers at 127.0.0.1:${environment.KAFKA_PORT}`)
  })

  test('a bad variable', async () => {
    expect(await fails({ ...(await given()), WEB_PORT: 'many' })).toContain('WEB_PORT must be a number')
  })

  test.each([
    [{ RETRY_BASE_MS: 'soon' }, 'RETRY_BASE_MS'],
    [{ SMTP_HOST: 'mail.example.com', SMTP_USERNAME: 'someone' }, 'SMTP_USERNAME and SMTP_PASSWORD go together'],
    [{ DATABASE_URL: 'postgres://a:b@:x' }, 'DATABASE_URL'],
  ])('a bad variable of the worker, the web app or the database: %j', async (variables, named) => {
    expect(await fails({ ...(await given()), ...variables })).toContain(named)
  })

  test('a folder that cannot be made', async () => {
    const environment = await given()
    const file = join(environment.STACK_DIR, 'a-file')
    writeFileSync(file, '')
    const launcher = start({ ...environment, STACK_DIR: join(file, 'below') })
    expect(await launcher.exitCode).toBe(1)
    expect(launcher.output).toContain('let STACK_DIR name a folder that you can write to')
    expect(launcher.output).not.toContain('    at ')
  })

  test('a folder with files of somebody else', async () => {
    const environment = await given()
    mkdirSync(join(environment.STACK_DIR, 'photos'))
    writeFileSync(join(environment.STACK_DIR, 'photos/one.jpg'), '')
    expect(await fails(environment)).toContain('holds files that are not a stack')
  })

  test('a part that does not come up, with the end of its log', async () => {
    const output = await fails({ ...(await given()), STAND_IN_FAILS: 'worker' })
    expect(output).toContain('Worker did not come up: it stopped (exit code 3)')
    expect(output).toContain('worker cannot work like this')
  })

  test('a migration that fails', async () => {
    expect(await fails({ ...(await given()), STAND_IN_FAILS: 'migrate' })).toContain('migrate failed (exit code 3)')
  })
})
