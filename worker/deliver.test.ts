import { expect, test } from 'vitest'
import type { SendResult } from '@/core/delivery'
import { openWorkerDatabase } from '@/db/client'
import { createLog } from '@/runtime/log'
import { Breakers } from './breakers'
import { deliver, type Delivery } from './deliver'
import { createMetrics } from './metrics'
import { sampleHeld as held } from './testing'

const log = createLog('test', 'silent')
const metrics = createMetrics()
/** Asked for by name only: nobody is there. */
const databaseUrl = 'postgres://nobody@127.0.0.1:1/none'
const sql = openWorkerDatabase({ url: databaseUrl, max: 1, part: 'test' })

function tools(send: () => Promise<SendResult>, more: Partial<Delivery> = {}) {
  const dropped: string[] = []
  const pool = { host: 'mail.example', send, probe: send, pause: () => undefined, resume: () => undefined }
  const pools = new Map([['primary', pool] as const])
  const breakers = new Breakers({
    sql,
    databaseUrl,
    pools,
    slots: 2,
    probeMs: 1_000,
    metrics,
    log,
    onChange: () => undefined,
  })
  const delivery: Delivery = {
    config: {
      DELIVERY_MODE: 'live',
      NEXTAUTH_URL: 'http://localhost:3005',
      SECRETS_KEYS: [],
      RETRY_BASE_MS: 30_000,
      AMBIGUOUS_WAIT_MS: 300_000,
      SMTP_USER: 'noreply@usualstore.com',
    },
    sql,
    pools,
    breakers,
    holds: { hasTimeLeft: () => true, drop: (hold) => void dropped.push(hold) },
    settler: { settle: () => Promise.resolve() },
    metrics,
    log,
    random: () => 0.5,
    ...more,
  }
  return { delivery, dropped }
}

test('a hold is no longer renewed after a bug, so that the mail is taken over', async () => {
  const { delivery, dropped } = tools(() => Promise.reject(new Error('A bug')))
  await expect(deliver(held, delivery)).rejects.toThrow('A bug')
  expect(dropped).toEqual([held.hold])
})

test('a mail that is alone in failing is tried once a try, by the same route', async () => {
  let sends = 0
  const broke: SendResult = {
    kind: 'failed',
    failure: { stage: 'envelope', command: null, code: null, reply: 'broken', errorCode: 'ECONNECTION' },
  }
  const { delivery } = tools(() => {
    sends++
    return Promise.resolve(broke)
  })
  await deliver(held, delivery)
  expect(sends).toBe(1)
})
