import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { seal } from '@/runtime/seal'
import { freePort } from '@/stack/ports'
import { goOn, ScriptedSmtp, type Act, type Moment } from '@/stack/scripted-smtp'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'
import { startWorker } from './worker'

const folder = mkdtempSync(join(tmpdir(), 'usual-store-breakers-'))
afterAll(() => rmSync(folder, { recursive: true }))

const server = async (name: string) => new ScriptedSmtp(await freePort(), join(folder, `${name}.log`))
const reply = (code: number, text: string): Act => ({ kind: 'reply', code, text })
const soon = { timeout: 30_000, interval: 25 }

/** Two workers on one road, with their mail server in our hands. */
async function open(settings: (primary: ScriptedSmtp, fallback: ScriptedSmtp) => Record<string, string> = () => ({})) {
  const [primary, fallback] = [await server('primary'), await server('fallback')]
  await Promise.all([primary.listen(), fallback.listen()])
  const road = await openPipeline({
    SMTP_PORT: String(primary.port),
    RETRY_BASE_MS: '300',
    BREAKER_PROBE_MS: '200',
    ...settings(primary, fallback),
  })
  road.onClose(() => Promise.all([primary.close(), fallback.close()]))
  for (const name of ['one', 'two']) {
    const worker = await startWorker({
      config: { ...road.config, WORKER_PORT: await freePort() },
      name,
      log: road.log,
      onDead: (error) => expect.unreachable(String(error)),
    })
    road.onClose(() => worker.stop())
  }
  return { road, primary, fallback, ...watching(road) }
}

function watching(road: Pipeline) {
  const row = async (id: string) => (await road.sql`select * from messages where id = ${id}`)[0]
  const until = async (id: string, status: string) => {
    await expect.poll(async () => (await row(id))?.['status'], soon).toBe(status)
  }
  const statuses = async (ids: readonly string[]) =>
    (await road.sql`select distinct status from messages where id in ${road.sql([...ids])}`).map(
      (r) => r['status'] as string,
    )
  const untilAll = async (ids: readonly string[], status: string) => {
    await expect.poll(() => statuses(ids), soon).toEqual([status])
  }
  const breaker = async (route = 'primary') => (await road.sql`select * from breakers where route = ${route}`)[0]
  const untilBreaker = async (state: string, route = 'primary') => {
    await expect.poll(async () => (await breaker(route))?.['state'], soon).toBe(state)
  }
  const events = async (id: string) =>
    (await road.sql`select event from message_events where message_id = ${id} order by id`).map((e) =>
      String(e['event']),
    )
  /** Accepts and publishes at once, as a request does. */
  const send = async (to: string, more: object = {}) => {
    const { id, record } = await road.accept({ to, ...more })
    expect(await road.publisher.publish(road.config.KAFKA_TOPIC, [record], 10_000)).toEqual([true])
    return id
  }
  const sendMany = (count: number, prefix: string) =>
    Promise.all(Array.from({ length: count }, (_, number) => send(`${prefix}-${number}@example.com`)))
  return { row, until, untilAll, breaker, untilBreaker, events, send, sendMany }
}

describe('a mail server that fails everybody', () => {
  let all: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    all = await open()
  })
  afterAll(() => all.road.close())
  afterEach(async () => {
    all.primary.behave()
    all.primary.credentials = null
    await all.primary.listen()
    await all.road.sql`update breakers set probe_at = now()`
    await all.untilBreaker('closed')
  })

  /** Nothing was burned, nobody was flagged, and each was sent once. */
  const expectUntouched = async (ids: readonly string[]) => {
    await all.untilAll(ids, 'sent')
    const rows = await all.road.sql`
      select retry_count, may_have_been_delivered as flagged, crashes from messages where id in ${all.road.sql([...ids])}`
    for (const row of rows) expect(row).toEqual({ retry_count: 0, flagged: false, crashes: 0 })
    const copies = all.primary.accepted.filter((mail) => ids.includes(mail.id)).map((mail) => mail.id)
    expect(copies.toSorted()).toEqual([...ids].toSorted())
  }

  it('refuses connections: all wait, none burns a try, and they go when it is back', async () => {
    await all.primary.die()
    const ids = await all.sendMany(12, 'refused')
    await all.untilBreaker('open')
    expect(await all.breaker()).toMatchObject({ kind: 'outage', cause: 'server_unreachable' })
    // Both workers have given back what they held, and what came meanwhile keeps its place in the line.
    await expect.poll(() => all.road.sql`select 1 from outbox where hold is not null`, soon).toHaveLength(0)
    const [first] = await all.road.sql`select opened_at from breakers`
    await expect.poll(async () => (await all.breaker())?.['failures'], soon).toBeGreaterThanOrEqual(2)
    // Mail is delayed since the first failure, however often it was probed since.
    expect(await all.road.sql`select opened_at from breakers`).toEqual([first])
    await all.primary.listen()
    await expectUntouched(ids)
    await all.untilBreaker('closed')
    expect(await all.breaker()).toMatchObject({ kind: null, opened_at: null, failures: 0 })
    for (const id of ids) {
      const told = await all.events(id)
      expect(told.filter((event) => event === 'delayed').length).toBeLessThanOrEqual(1)
    }
  })

  it('takes no mail from us at all: all wait until it is put right', async () => {
    all.primary.script = ({ moment }) => (moment === 'connect' ? reply(554, '5.7.1 your address is blocked') : goOn)
    // The connections of the test before are still open and good; a blocked address only shows at the door.
    await all.primary.die()
    await all.primary.listen()
    const ids = await all.sendMany(6, 'blocked')
    await all.untilBreaker('open')
    expect(await all.breaker()).toMatchObject({ kind: 'configuration', cause: 'blocked_by_server' })
    all.primary.behave()
    await expectUntouched(ids)
  })

  it.each<[string, Moment]>([
    ['the sender', 'mail'],
    ['the recipient', 'rcpt'],
    ['DATA', 'data'],
  ])('breaks off at %s for everybody: opens after a few, and blames no mail', async (_, where) => {
    all.primary.script = ({ moment }) => (moment === where ? { kind: 'reset' } : goOn)
    const ids = await all.sendMany(8, `broken-${where}`)
    await all.untilBreaker('open')
    expect(await all.breaker()).toMatchObject({ kind: 'outage' })
    all.primary.behave()
    await expectUntouched(ids)
  })

  it('breaks off after each final dot: opens after a few, so that it does not put every mail in doubt', async () => {
    all.primary.script = ({ moment }) => (moment === 'dot' ? { kind: 'accept_and_reset' } : goOn)
    const ids: string[] = []
    // One after the other: what is under way when it opens is in doubt too.
    while ((await all.breaker())?.['state'] !== 'open') ids.push(await all.send(`doubt-${ids.length}@example.com`))
    const waiting = await all.sendMany(5, 'spared')
    all.primary.behave()
    await expectUntouched(waiting)
    const flagged = await all.road
      .sql`select 1 from messages where may_have_been_delivered and id in ${all.road.sql(ids)}`
    expect(flagged.length).toBeGreaterThanOrEqual(3)
    // Their late try is AMBIGUOUS_WAIT_MS away.
    await all.road.sql`delete from outbox where message_id in ${all.road.sql(ids)}`
  })

  it('says that we send too fast, in the words of Mailtrap: all slow down, and no mail is lost to its 550', async () => {
    all.primary.script = ({ moment }) =>
      moment === 'dot'
        ? reply(550, '5.7.0 Requested action not taken: too many emails per second, try again in 1 second')
        : goOn
    const ids = await all.sendMany(4, 'fast')
    await all.untilBreaker('open')
    expect(await all.breaker()).toMatchObject({ kind: 'throttle', cause: 'too_fast' })
    all.primary.behave()
    await expectUntouched(ids)
  })

  it('says that the quota is used up: is asked again only much later', async () => {
    all.primary.script = ({ moment }) =>
      moment === 'mail' ? reply(454, 'Throttling failure: Daily message quota exceeded') : goOn
    const ids = await all.sendMany(4, 'quota')
    await all.untilBreaker('open')
    expect(await all.breaker()).toMatchObject({ kind: 'quota', cause: 'quota_used_up' })
    const [wait] = await all.road.sql`select extract(epoch from probe_at - now())::int as seconds from breakers`
    expect(wait?.['seconds']).toBeGreaterThan(800)
    all.primary.behave()
    await all.road.sql`update breakers set probe_at = now()`
    await expectUntouched(ids)
  })

  it('opens while mails are under way: what had not begun is given back at once, without a try burned', async () => {
    all.primary.script = ({ moment, to }) => (moment === 'rcpt' && to.startsWith('stuck') ? { kind: 'hang' } : goOn)
    const ids = await all.sendMany(3, 'stuck')
    // One at least: after the troubles before, not all need be under way at once.
    const stuck = () => [...all.primary.tries.keys()].filter((to) => to.startsWith('stuck'))
    await expect.poll(() => stuck().length, soon).toBeGreaterThanOrEqual(1)
    await all.road.sql`
      insert into breakers (route, state, kind, opened_at, probe_at) values ('primary', 'open', 'outage', now(), now() + interval '1 h')
      on conflict (route) do update set state = 'open', kind = 'outage', opened_at = now(), probe_at = now() + interval '1 h'`
    await all.road.sql`select pg_notify('breaker', 'primary')`
    await all.untilAll(ids, 'queued')
    expect(await all.road.sql`select 1 from outbox where hold is not null`).toHaveLength(0)
    const told = await Promise.all(ids.map((id) => all.events(id)))
    expect(told.flat().filter((event) => event === 'delayed').length).toBeGreaterThanOrEqual(stuck().length)
    all.primary.behave()
    await all.road.sql`update breakers set probe_at = now()`
    await expectUntouched(ids)
  })

  it('fails at one address only: the others go through, and that mail is given up like any other', async () => {
    all.primary.script = ({ moment, to }) => (moment === 'rcpt' && to.startsWith('poison') ? { kind: 'reset' } : goOn)
    const poison = await all.send('poison@example.com')
    await expect
      .poll(
        async () => {
          await all.until(await all.send('well@example.com'), 'sent')
          return (await all.row(poison))?.['status']
        },
        { ...soon, timeout: 60_000 },
      )
      .toBe('dead')
    expect(await all.row(poison)).toMatchObject({ dead_reason: 'tries_used_up', retry_count: 3, outages: 3 })
  }, 90_000)
})

describe('a server with a sign-in', () => {
  it('that refuses it pauses all workers at once, and mail flows within a probe of its being put right', async () => {
    const all = await open(() => ({ SMTP_USERNAME: 'us', SMTP_PASSWORD: 'secret' }))
    try {
      all.primary.credentials = { user: 'us', password: 'another' }
      const ids = await all.sendMany(5, 'auth')
      await all.untilBreaker('open')
      expect(await all.breaker()).toMatchObject({ kind: 'configuration', cause: 'credentials_refused' })
      all.primary.credentials = { user: 'us', password: 'secret' }
      await all.untilAll(ids, 'sent')
      const rows = await all.road.sql`select distinct retry_count from messages`
      expect(rows).toEqual([{ retry_count: 0 }])
    } finally {
      await all.road.close()
    }
  })
})

describe('a second route', () => {
  let all: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    all = await open((_, fallback) => ({ SMTP_FALLBACK_HOST: 'localhost', SMTP_FALLBACK_PORT: String(fallback.port) }))
  })
  afterAll(() => all.road.close())

  it('is used while the first is out of order, told in the story, and left when it is back', async () => {
    await all.until(await all.send('before@example.com'), 'sent')
    expect(all.fallback.accepted).toEqual([])
    await all.primary.die()
    const ids = await all.sendMany(6, 'second')
    await all.untilAll(ids, 'sent')
    await all.untilBreaker('open')
    expect(new Set(all.fallback.accepted.map((mail) => mail.id))).toEqual(new Set(ids))
    const [told] = await all.road.sql`
      select detail from message_events where message_id = ${ids[0] ?? ''} and event = 'sent'`
    expect(told?.['detail']).toMatchObject({ route: 'fallback', host: 'localhost' })
    await all.primary.listen()
    await expect.poll(async () => (await all.breaker())?.['state'], soon).not.toBe('open')
    await all.until(await all.send('after@example.com'), 'sent')
    await all.untilBreaker('closed')
    expect(all.primary.accepted.map((mail) => mail.to)).toEqual(['before@example.com', 'after@example.com'])
  })

  it('goes on carrying the rest while one mail of each worker finds out whether the first is well', async () => {
    await all.primary.die()
    await all.until(await all.send('opens@example.com'), 'sent')
    await all.untilBreaker('open')
    all.primary.script = ({ moment }) => (moment === 'rcpt' ? { kind: 'hang' } : goOn)
    await all.primary.listen()
    await all.untilBreaker('half_open')
    const ids = await all.sendMany(8, 'rest')
    const sent = () => all.road.sql`select 1 from messages where status = 'sent' and id in ${all.road.sql(ids)}`
    // Two workers, so two mails at most stand before the first server; all others have gone by the second.
    await expect.poll(async () => (await sent()).length, soon).toBeGreaterThanOrEqual(6)
    expect([...all.primary.tries.keys()].filter((to) => to.startsWith('rest')).length).toBeLessThanOrEqual(2)
    all.primary.behave()
    // Its lines break: what stood before it goes by the second too, in the same try.
    await all.primary.die()
    await all.untilAll(ids, 'sent')
    expect(await all.road.sql`select distinct retry_count from messages where id in ${all.road.sql(ids)}`).toEqual([
      { retry_count: 0 },
    ])
    await all.primary.listen()
    await all.until(await all.send('closes@example.com'), 'sent')
  })

  it('is never used for a mail that the first may have accepted', async () => {
    await all.primary.die()
    await expect
      .poll(async () => {
        await all.until(await all.send('opens-it@example.com'), 'sent')
        return (await all.breaker())?.['state']
      }, soon)
      .toBe('open')
    const { id, record } = await all.road.accept({ to: 'doubtful@example.com' })
    await all.road.sql`update messages set may_have_been_delivered = true where id = ${id}`
    await all.road.publisher.publish(all.road.config.KAFKA_TOPIC, [record], 10_000)
    // It was looked at and given back; others go by the second route meanwhile.
    await expect.poll(() => all.events(id), soon).toContain('delayed')
    await all.until(await all.send('passes-by@example.com'), 'sent')
    expect(await all.row(id)).toMatchObject({ status: 'queued', retry_count: 0 })
    await all.primary.listen()
    await expect
      .poll(async () => {
        // Rung again after half a minute in life; here at once.
        await all.road.sql`update outbox set ring_at = now() where message_id = ${id} and hold is null`
        return (await all.row(id))?.['status']
      }, soon)
      .toBe('sent')
    expect(all.fallback.accepted.map((mail) => mail.id)).not.toContain(id)
    expect(all.primary.accepted.map((mail) => mail.id)).toContain(id)
  })
})

describe('what is not to be sent any more', () => {
  let all: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    all = await open()
  })
  afterAll(() => all.road.close())

  it('a mailbox that does not exist enters the suppression list, and the next mail to it is not tried', async () => {
    all.primary.script = ({ moment }) => (moment === 'rcpt' ? reply(550, '5.1.1 no such user') : goOn)
    const bounced = await all.send('Gone@example.com')
    await all.until(bounced, 'dead')
    all.primary.behave()
    expect(await all.row(bounced)).toMatchObject({ dead_reason: 'refused', last_cause: 'mailbox_unknown' })
    expect(await all.road.sql`select address_key, address, reason, note, message_id from suppressions`).toEqual([
      {
        address_key: 'gone@example.com',
        address: 'Gone@example.com',
        reason: 'hard_bounce',
        note: '550 5.1.1 no such user',
        message_id: bounced,
      },
    ])
    expect(await all.road.sql`select action, target from audit_log`).toEqual([
      { action: 'suppression.added', target: 'address:gone@example.com' },
    ])
    const tries = all.primary.tries.size
    const next = await all.send('gone@EXAMPLE.com', { secretBody: 'secret' })
    await all.until(next, 'suppressed')
    expect(await all.events(next)).toEqual(['accepted', 'suppressed'])
    expect(all.primary.tries.size).toBe(tries)
    expect(await all.road.sql`select 1 from outbox where message_id = ${next}`).toHaveLength(0)
    expect(await all.road.sql`select 1 from message_secrets where message_id = ${next}`).toHaveLength(0)
  })

  it('a refusal without an enhanced code ends this mail only', async () => {
    all.primary.script = ({ moment }) => (moment === 'rcpt' ? reply(550, 'no thanks') : goOn)
    const refused = await all.send('maybe@example.com')
    await all.until(refused, 'dead')
    all.primary.behave()
    const next = await all.send('maybe@example.com')
    await all.until(next, 'sent')
    expect(all.primary.accepted.map((mail) => mail.id)).toContain(next)
  })

  it('a mail that has grown too old is given up, with a notice', async () => {
    const { id, record } = await all.road.accept({ to: 'late@example.com' })
    await all.road.sql`update messages set expires_at = now() - interval '1 s' where id = ${id}`
    await all.road.publisher.publish(all.road.config.KAFKA_TOPIC, [record], 10_000)
    await all.until(id, 'dead')
    expect(await all.row(id)).toMatchObject({ dead_reason: 'expired', may_have_been_delivered: false })
    expect(all.primary.tries.has('late@example.com')).toBe(false)
    const notice = (await all.road.readTopic(all.road.config.KAFKA_DLQ_TOPIC, id)).at(-1)
    expect(notice?.headers).toMatchObject({ 'dead-class': 'expired' })
  })

  it('a template of a newer version is left for a newer worker', async () => {
    const { id, record } = await all.road.accept({ to: 'newer@example.com' })
    await all.road
      .sql`update messages set template = 'from-the-future', user_id = ${await all.road.addUser({ email: 'newer@example.com', role: 'user' })} where id = ${id}`
    await all.road.publisher.publish(all.road.config.KAFKA_TOPIC, [record], 10_000)
    await expect.poll(() => all.events(id), soon).toEqual(['accepted', 'delayed'])
    expect(await all.row(id)).toMatchObject({ status: 'queued', retry_count: 0 })
  })

  it('a secret that the key of this worker does not open is left until the right key is there', async () => {
    const { id, record } = await all.road.accept({ to: 'rotated@example.com', secretBody: 'Password: canary' })
    const { config, sql } = all.road
    const right = await sql<{ sealed: Buffer }[]>`select sealed from message_secrets where message_id = ${id}`
    // Set anew with the same id, as .env.example shows it: it looks like the right one.
    const wrong = seal('{}', id, [{ id: 'k1', secret: randomBytes(32) }])
    await sql`update message_secrets set sealed = ${wrong} where message_id = ${id}`
    await all.road.publisher.publish(config.KAFKA_TOPIC, [record], 10_000)
    await expect.poll(() => all.events(id), soon).toEqual(['accepted', 'delayed'])
    expect(await all.row(id)).toMatchObject({ status: 'queued', retry_count: 0, dead_reason: null })
    await sql`update message_secrets set sealed = ${right[0]?.sealed ?? null} where message_id = ${id}`
    await sql`update outbox set ring_at = now() where message_id = ${id} and hold is null`
    await all.until(id, 'sent')
  })
})

describe('the agreed pace', () => {
  it('is kept by all workers together', async () => {
    const all = await open(() => ({ SEND_RATE: '8/s' }))
    try {
      const ids = await all.sendMany(40, 'paced')
      await all.untilAll(ids, 'sent')
      const at = all.primary.accepted.map((mail) => mail.at).toSorted((a, b) => a - b)
      // A bucket of one second, one second's refill, and as much that was on its way: far from 40 at once.
      const most = Math.max(...at.map((start) => at.filter((time) => time >= start && time < start + 1_000).length))
      expect(most).toBeLessThanOrEqual(24)
      expect((at.at(-1) ?? 0) - (at[0] ?? 0)).toBeGreaterThan(3_000)
    } finally {
      await all.road.close()
    }
  })

  it('of a day that is used up waits for the next, and says until when', async () => {
    const all = await open(() => ({ SEND_RATE: '5/day' }))
    try {
      const ids = await all.sendMany(8, 'daily')
      const sent = () => all.road.sql`select 1 from messages where status = 'sent'`
      await expect.poll(sent, soon).toHaveLength(5)
      await expect
        .poll(
          async () => (await all.road.sql`select used_up_until > now() as used_up from send_rate`)[0]?.['used_up'],
          soon,
        )
        .toBe(true)
      expect(await sent()).toHaveLength(5)
      const rest = await all.road.sql`select status, retry_count from messages where status <> 'sent'`
      expect(rest).toEqual(Array.from({ length: 3 }, () => ({ status: 'queued', retry_count: 0 })))
      expect(ids).toHaveLength(8)
    } finally {
      await all.road.close()
    }
  })
})
