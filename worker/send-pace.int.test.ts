import { expect, test } from 'vitest'
import { openWorkerDatabase } from '@/db/client'
import { createLog } from '@/runtime/log'
import { createTestDatabase } from '@/stack/testing/services'
import { SendPace } from './send-pace'

test('a stop is not kept waiting by a share that is used up, also while Postgres is being asked', async () => {
  const database = await createTestDatabase()
  const sql = openWorkerDatabase({ url: database.url, max: 3, part: 'test' })
  const pace = new SendPace(sql, { perSecond: null, perDay: 1 }, createLog('test', 'silent'))
  expect(await pace.admit(5)).toBe(1)
  let waiting = Promise.resolve(-1)
  await sql.begin(async (tx) => {
    await tx`select from send_rate for update`
    waiting = pace.admit(5)
    await expect
      .poll(() => sql`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)
      .toHaveLength(1)
    pace.stop()
  })
  expect(await waiting).toBe(0)
  await sql.end()
  await database.drop()
}, 20_000)
