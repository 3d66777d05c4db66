import { afterAll, beforeAll, expect, test } from 'vitest'
import { acceptMessage } from '@/db/accept-message'
import { templates } from '@/emails/registry'
import { openPipeline, type Pipeline } from '@/stack/testing/pipeline'
import { startWorker } from './worker'

let road: Pipeline
const onDead = (error: unknown) => expect.unreachable(String(error))

beforeAll(async () => {
  road = await openPipeline({ NEXTAUTH_URL: 'https://desk.example.com' })
  const worker = await startWorker({ config: road.config, name: 'w1', log: road.log, onDead })
  road.onClose(() => worker.stop())
})
afterAll(() => road.close())

let count = 0
async function holder(): Promise<{ id: number; email: string }> {
  const email = `holder-${++count}@example.com`
  return { id: await road.addUser({ email, role: 'supporter' }), email }
}

/** As the use cases write it, with its bell rung by the relay at once. */
async function accept(template: 'password-reset' | 'password-changed', user: { id: number; email: string }) {
  const isReset = template === 'password-reset'
  const data = isReset
    ? { first_name: 'Noor', email: user.email }
    : { ...templates['password-changed'].sample, email: user.email }
  const { id } = await acceptMessage(road.db, {
    type: isReset ? 'password_reset' : 'notification',
    template,
    to: user.email,
    from: road.config.SMTP_USER,
    replyTo: null,
    subject: 'A test',
    data,
    priority: 'high',
    maxRetries: 3,
    sensitive: isReset,
    seal: null,
    userId: user.id,
    createdByName: 'test',
    // For later, so that what is done to the account is done before it is looked at.
    sendAt: new Date(Date.now() + 3_600_000).toISOString(),
  })
  return id
}

/** The time of the mail has come. */
const ring = async (id: string) => {
  await road.sql`update messages set due_at = now() where id = ${id}`
  await road.sql`update outbox set due_at = now(), ring_at = now() where message_id = ${id}`
}
const statusOf = async (id: string) =>
  (await road.sql`select status from messages where id = ${id}`)[0]?.['status'] as string
async function becomes(id: string, status: string): Promise<void> {
  await expect.poll(() => statusOf(id), { timeout: 30_000, interval: 25 }).toBe(status)
}
const links = (userId: number) => road.sql`select 1 from one_time_links where user_id = ${userId}`

test('a reset mail carries a link to the address of NEXTAUTH_URL', async () => {
  const user = await holder()
  const id = await accept('password-reset', user)
  await ring(id)
  await becomes(id, 'sent')
  const [mail] = await road.mailsTo(user.email)
  expect((await road.readMail(mail?.ID ?? '')).Text).toMatch(/https:\/\/desk\.example\.com\/set-password#[\w-]{43}\n/)
  expect(await links(user.id)).toHaveLength(1)
})

test.each([
  ['was disabled', (id: number) => road.sql`update users set status = 'disabled' where id = ${id}`],
  ['has another address now', (id: number) => road.sql`update users set email = 'moved@example.com' where id = ${id}`],
])('no link is made for an account that %s, and the mail is cancelled with the reason', async (_, happens) => {
  const user = await holder()
  const id = await accept('password-reset', user)
  await happens(user.id)
  await ring(id)
  await becomes(id, 'cancelled')
  expect(await links(user.id)).toHaveLength(0)
  expect(await road.mailsTo(user.email)).toHaveLength(0)
  const [story] = await road.sql`select detail from message_events where message_id = ${id} order by id desc limit 1`
  expect(story?.['detail']).toMatchObject({
    reason: 'The account was deleted or disabled, or has another address now',
  })
})

test('a link that is asked for while the account is being disabled waits, and is not made', async () => {
  const user = await holder()
  const id = await accept('password-reset', user)
  await road.sql.begin(async (tx) => {
    await tx`select from users where id = ${user.id} for update`
    await ring(id)
    await expect
      .poll(
        async () => {
          const waiting = await road.sql`
            select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%one_time_links%'`
          return waiting.length
        },
        { timeout: 30_000, interval: 10 },
      )
      .toBe(1)
    await tx`update users set status = 'disabled' where id = ${user.id}`
  })
  await becomes(id, 'cancelled')
  expect(await links(user.id)).toHaveLength(0)
})

test('a notice goes out with no link at all, to a disabled account too', async () => {
  const user = await holder()
  const id = await accept('password-changed', user)
  await road.sql`update users set status = 'disabled' where id = ${user.id}`
  await ring(id)
  await becomes(id, 'sent')
  expect(await links(user.id)).toHaveLength(0)
  const [mail] = await road.mailsTo(user.email)
  expect((await road.readMail(mail?.ID ?? '')).Text).toContain('Your password was changed')
})
