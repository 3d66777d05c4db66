import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SendResult } from '@/core/delivery'
import { openWorkerDatabase, type Sql } from '@/db/client'
import { asRole } from '@/db/roles'
import { createLog } from '@/runtime/log'
import { createTestDatabase } from '@/stack/testing/services'
import { Breakers } from './breakers'
import { createMetrics } from './metrics'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let sql: Sql
let breakers: Breakers

const well: SendResult = { kind: 'accepted', reply: '250 OK' }
const pool = { probe: () => Promise.resolve(well), pause: () => undefined, resume: () => undefined }
const tools = { slots: 20, probeMs: 60_000, metrics: createMetrics(), log: createLog('test', 'silent') }

beforeAll(async () => {
  database = await createTestDatabase()
  sql = openWorkerDatabase({ url: asRole(database.url, 'worker'), max: 2, part: 'test' })
  const pools = new Map([['primary', pool] as const, ['fallback', pool] as const])
  breakers = new Breakers({ ...tools, sql, databaseUrl: database.url, pools, onChange: () => undefined })
  await breakers.start()
})
afterAll(async () => {
  await breakers.stop()
  await sql.end()
  await database.drop()
})

const become = async (state: 'closed' | 'half_open') => {
  await sql`update breakers set state = ${state}, kind = 'outage', opened_at = now() where route = 'primary'`
  await breakers.look()
}
const mail = (messageId: string) => ({ messageId, mayHaveBeenDelivered: false })
const about = { ownSender: true, outages: 3 }
const broke: SendResult = {
  kind: 'failed',
  failure: { stage: 'envelope', command: null, code: null, reply: 'broken', errorCode: 'ECONNECTION' },
}

test('a mail that came back from the first route unsent does not keep the next one from trying it', async () => {
  await become('half_open')
  expect(breakers.route(mail('a'))).toBe('primary')
  expect(breakers.route(mail('b'))).toBe('fallback')
  await breakers.learn('primary', 'a', { kind: 'not_begun', why: 'paused' }, about)
  // In the same try it does not go there again, and it is not the one that tries any more.
  expect(breakers.route(mail('a'), 'primary')).toBeNull()
  expect(breakers.route(mail('b'))).toBe('primary')
  await breakers.learn('primary', 'b', { kind: 'not_begun', why: 'paused' }, about)
})

test('what a mail met before says nothing while nothing goes through: it opens the breaker like any other', async () => {
  await become('closed')
  expect(await breakers.learn('primary', 'a', broke, about)).toEqual({ kind: 'nothing' })
  expect(breakers.isOut('primary')).toBe(false)
  await become('half_open')
  expect(await breakers.learn('primary', 'a', broke, about)).toMatchObject({ kind: 'trouble' })
  expect(await sql`select state from breakers where route = 'primary'`).toEqual([{ state: 'open' }])
  expect(breakers.isOut('primary')).toBe(true)
})
