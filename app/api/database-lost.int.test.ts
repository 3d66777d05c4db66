import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { scopes } from '@/core/permissions'
import { openDatabase } from '@/db/client'
import { openTestContext, type TestContext } from '@/server/testing'
import { createTestDatabase } from '@/stack/testing/services'
import * as send from './messaging/send/route'

/** Stands between us and Postgres, and can fall silent in one direction or in both. */
class Line {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Looks at everything that we send; what it returns decides what still goes through from then on. */
  watch: (sent: Buffer) => 'all' | 'no_answers' | 'nothing' = () => 'all'

  constructor(target: { host: string; port: number }) {
    this.#server = createServer((client) => {
      const server = connect(target)
      for (const socket of [client, server]) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          this.#sockets.delete(socket)
          client.destroy()
          server.destroy()
        })
      }
      let open: ReturnType<Line['watch']> = 'all'
      client.on('data', (sent) => {
        if (open === 'all') open = this.watch(sent)
        if (open !== 'nothing') server.write(sent)
      })
      server.on('data', (answer) => {
        if (open === 'all') client.write(answer)
      })
    })
  }

  async open(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  /** Everything that hangs is cut, and what comes next goes through. */
  heal(): void {
    this.watch = () => 'all'
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.heal()
    this.#server.close()
  }
}

let database: Awaited<ReturnType<typeof createTestDatabase>>
let direct: ReturnType<typeof openDatabase>
let line: Line
let app: TestContext

beforeAll(async () => {
  database = await createTestDatabase()
  direct = openDatabase({ url: database.url, max: 1, part: 'test' })
})
beforeEach(async () => {
  await direct.db.execute(sql`truncate messages, outbox, idempotency_keys`)
  const url = new URL(database.url)
  line = new Line({ host: url.hostname, port: Number(url.port) })
  url.hostname = '127.0.0.1'
  url.port = String(await line.open())
  app = await openTestContext({ DATABASE_URL: url.href })
})
afterEach(async () => {
  line.heal()
  await app.close()
  line.close()
})
afterAll(async () => {
  await direct.close()
  await database.drop()
})

const count = async () =>
  Number((await direct.db.execute<{ n: string }>(sql`select count(*) as n from messages`))[0]?.n)

async function post(authorization: string) {
  const startedAt = performance.now()
  const request = new Request('http://localhost:3005/api/messaging/send', {
    method: 'POST',
    body: JSON.stringify({ to: 'a@example.com', subject: 'Hello', message: 'Text' }),
    headers: { 'content-type': 'application/json', 'idempotency-key': 'order-4711', authorization },
  })
  const response = await send.POST(request, { params: Promise.resolve({}) })
  const answer = (await response.json()) as { id?: string; message?: string }
  const replayed = response.headers.get('idempotent-replayed')
  return { status: response.status, answer, replayed, ms: performance.now() - startedAt }
}

/** postgres.js sends the end of a transaction as a query of its own. */
const isCommit = (sent: Buffer) => /\bcommit\0/i.test(sent.toString('latin1'))

test.each([
  ['in the middle of a request', 'nothing', (sent: Buffer) => sent.includes('insert into messages'), 0],
  ['before the commit', 'nothing', isCommit, 0],
  ['after the commit and before its answer', 'no_answers', isCommit, 1],
] as const)(
  'Postgres falls silent %s: 503 within 5 s, and the same call later gives exactly one message',
  async (_, then, isMoment, stored) => {
    const { authorization } = await app.key(scopes)
    let fell = 0
    line.watch = (sent) => {
      if (!isMoment(sent)) return 'all'
      fell++
      return then
    }
    const first = await post(authorization)
    expect(first).toMatchObject({ status: 503, answer: { message: expect.stringContaining('database') as string } })
    expect(first.ms).toBeLessThan(5_000)
    expect(fell).toBe(1)
    line.heal()

    // The session that fell silent may keep its lock until Postgres ends it, after 10 s; until then the answer is 503 again.
    const answers: Awaited<ReturnType<typeof post>>[] = []
    const askAgain = async () => {
      const answer = await post(authorization)
      answers.push(answer)
      return answer.status
    }
    await expect.poll(askAgain, { timeout: 30_000, interval: 100 }).toBe(202)
    expect(answers.slice(0, -1).every(({ status, ms }) => status === 503 && ms < 5_000)).toBe(true)
    const again = answers.at(-1)
    expect(again).toMatchObject({ status: 202, replayed: stored === 1 ? 'true' : null })
    expect(await count()).toBe(1)
    expect(await post(authorization)).toMatchObject({ status: 202, answer: again?.answer, replayed: 'true' })
    const [message] = await direct.db.execute(sql`select id from messages`)
    expect(message).toEqual({ id: again?.answer.id })
  },
)
