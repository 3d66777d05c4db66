import { expect, type APIRequestContext } from '@playwright/test'
import { callApi, linkIn, mailTo, stack } from '../fixtures'

/** People and mail to photograph. Nobody of them is real; at some of their addresses the catcher misbehaves, as its README says. */
export type Made = {
  person: { invited: number; failed: number; cameIn: number }
  mail: Record<'sent' | 'retrying' | 'dead' | 'unsure' | 'cancelled' | 'suppressed' | 'delayed', string>
  address: { retrying: string; dead: string }
  /** One that still works. */
  link: string
}

const people = [
  { first: 'Olena', last: 'Sample', email: 'olena.sample@example.com' },
  { first: 'Tom', last: 'Tester', email: 'tom.tester@example.net' },
  { first: 'Ines', last: 'Mockup', email: 'ines.mockup@example.com' },
  { first: 'Lars', last: 'Dummy', email: 'lars.dummy@example.org' },
  { first: 'Mei', last: 'Fixture', email: 'mei.fixture@example.net', role: 'supporter' },
  { first: 'Noor', last: 'Specimen', email: 'noor.specimen@example.com', role: 'admin' },
  { first: 'Jonas', last: 'Placeholder', email: '550+jonas.placeholder@example.com' },
  { first: 'Ravi', last: 'Testcase', email: '451+ravi.testcase@example.org' },
] as const
type Last = (typeof people)[number]['last']

type CreatedUser = { id: number; welcome_message_id: string }

/** @param request signed in: what is made, is made by somebody with a name */
export async function makePeople(
  request: APIRequestContext,
): Promise<Omit<Made, 'mail'> & { mail: Omit<Made['mail'], 'delayed'> }> {
  const created = new Map<Last, CreatedUser>()
  for (const { first, last, email, ...role } of people) {
    created.set(
      last,
      await post<CreatedUser>(request, '/api/users', { first_name: first, last_name: last, email, ...role }),
    )
  }
  const of = (last: Last): CreatedUser => {
    const user = created.get(last)
    if (!user) throw new Error(`${last} was not made`)
    return user
  }

  const link = linkIn(await mailTo('ines.mockup@example.com'))
  const token = linkIn(await mailTo('tom.tester@example.net')).split('#')[1]
  await callApi('POST', '/api/reset-password', { token, password: 'a long enough passphrase' }, null)

  const suppressed = 'kofi.specimen@example.net'
  await post(request, '/api/suppressions', { address: suppressed, note: 'Asked to get no more mail.' })
  const later = new Date(Date.now() + 86_400_000).toISOString()
  const cancelled = await sendMail({ to: 'ines.mockup@example.com', subject: 'Your return label', send_at: later })
  await post(request, `/api/messages/${cancelled}/cancel`)
  for (const [to, subject] of [
    ['olena.sample@example.com', 'Your parcel has left our store'],
    ['lars.dummy@example.org', 'Your invoice of November'],
    ['ines.mockup@example.com', 'Thank you for your order'],
    ['552+mei.fixture@example.net', 'Your pictures are ready'],
  ] as const) {
    await sendMail({ to, subject })
  }
  const mail = {
    sent: of('Sample').welcome_message_id,
    retrying: of('Testcase').welcome_message_id,
    dead: of('Placeholder').welcome_message_id,
    unsure: await sendMail({ to: 'drop-after-dot+lars@example.org', subject: 'Your order', on_ambiguous: 'hold' }),
    cancelled,
    suppressed: await sendMail({ to: suppressed, subject: 'Our offers of the week' }),
  }
  await becomes(mail.sent, 'sent')
  await becomes(mail.retrying, 'retrying')
  await becomes(mail.dead, 'dead')
  await becomes(mail.unsure, 'dead')
  await becomes(mail.suppressed, 'suppressed')
  return {
    person: { invited: of('Sample').id, failed: of('Placeholder').id, cameIn: of('Tester').id },
    mail,
    address: { retrying: '451+ravi.testcase@example.org', dead: '550+jonas.placeholder@example.com' },
    link,
  }
}

/** What another service asks for. */
export async function sendMail(mail: { to: string; subject: string; send_at?: string; on_ambiguous?: string }) {
  const message = 'Hello,\n\nthere is news of your order: you find it in your account.\n\nThe Usual Store team'
  const answer = await callApi('POST', '/api/messaging/send', { message, ...mail })
  if (!answer.ok) throw new Error(`${mail.to}: ${await answer.text()}`)
  return ((await answer.json()) as { id: string }).id
}

async function post<Answer>(request: APIRequestContext, path: string, data: object = {}): Promise<Answer> {
  const answer = await request.post(path, { data, headers: { Origin: stack().web } })
  if (!answer.ok()) throw new Error(`${path}: ${await answer.text()}`)
  return (await answer.json()) as Answer
}

async function becomes(id: string, status: string): Promise<void> {
  const now = async () =>
    ((await (await callApi('GET', `/api/messages/${id}`)).json()) as { message: { status: string } }).message.status
  await expect.poll(now, { timeout: 60_000, message: `${id} becomes ${status}` }).toBe(status)
}
