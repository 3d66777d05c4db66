import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startCatcher, type Catcher } from './catcher'

let dir: string
let catcher: Catcher

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'catcher-'))
  catcher = await startCatcher({ smtpPort: 0, uiPort: 0, dir })
})

afterEach(async () => {
  await catcher.close()
  await rm(dir, { recursive: true, force: true })
})

const transport = (options: { auth?: { user: string; pass: string } } = {}) =>
  createTransport({ host: '127.0.0.1', port: catcher.smtpPort, ...options })

const mailTo = (to: string, more: Record<string, unknown> = {}) => ({
  from: 'Usual Store <noreply@usualstore.com>',
  to,
  subject: 'Welcome, Zoë',
  text: 'Grüße & good day',
  html: '<p>Grüße &amp; good day</p>',
  ...more,
})

const replyTo = (to: string) =>
  transport()
    .sendMail(mailTo(to))
    .then(
      () => 250,
      (error: { responseCode: number }) => error.responseCode,
    )

async function restart(options: { keep?: number } = {}) {
  await catcher.close()
  catcher = await startCatcher({ smtpPort: 0, uiPort: 0, dir, ...options })
}

async function api(path: string, init?: RequestInit) {
  const response = await fetch(`http://127.0.0.1:${catcher.uiPort}${path}`, init)
  const text = await response.text()
  const isJson = response.headers.get('content-type') === 'application/json'
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
}

const subjects = (body: { messages: { Subject: string }[] }) => body.messages.map((mail) => mail.Subject)

/** SMTP by hand, for what a mail library hides; resolves once greeted. */
async function speak() {
  const socket: Socket = connect(catcher.smtpPort, '127.0.0.1')
  let replies = ''
  socket.on('data', (chunk) => (replies += String(chunk)))
  const closed = once(socket, 'close')
  await vi.waitFor(() => expect(replies).toMatch(/^220 /), { interval: 1 })
  return {
    socket,
    closed,
    replies: () => replies,
    async say(line: string, reply: RegExp) {
      replies = ''
      socket.write(`${line}\r\n`)
      await vi.waitFor(() => expect(replies).toMatch(reply), 5_000)
    },
  }
}

async function untilFinalDot(to: string) {
  const line = await speak()
  await line.say('EHLO test', /^250 /m)
  await line.say('MAIL FROM:<a@example.com>', /^250/)
  await line.say(`RCPT TO:<${to}>`, /^250/)
  await line.say('DATA', /^354/)
  return line
}

describe('a mail that is accepted', () => {
  it('is in the list, in full, as soon as the sender has its 250', async () => {
    const info = await transport().sendMail(
      mailTo('Maya Example <maya@example.com>', { bcc: 'hidden@example.com', replyTo: 'help@usualstore.com' }),
    )
    const { body } = await api('/api/v1/messages')
    expect(body).toMatchObject({
      total: 1,
      unread: 1,
      count: 1,
      messages_count: 1,
      messages_unread: 1,
      start: 0,
      tags: [],
    })
    expect(body.messages[0]).toMatchObject({
      MessageID: info.messageId.slice(1, -1),
      Read: false,
      From: { Name: 'Usual Store', Address: 'noreply@usualstore.com' },
      To: [{ Name: 'Maya Example', Address: 'maya@example.com' }],
      Cc: [],
      Bcc: [{ Name: '', Address: 'hidden@example.com' }],
      ReplyTo: [{ Name: '', Address: 'help@usualstore.com' }],
      Subject: 'Welcome, Zoë',
      Snippet: 'Grüße & good day',
      Attachments: 0,
      Envelope: { From: 'noreply@usualstore.com', To: ['maya@example.com', 'hidden@example.com'] },
    })
    expect(body.messages[0].Created).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('is read with text, HTML, headers and source', async () => {
    await transport().sendMail(
      mailTo('maya@example.com', { attachments: [{ filename: 'terms.txt', content: 'be kind' }] }),
    )
    const id = (await api('/api/v1/messages')).body.messages[0].ID
    const { body } = await api(`/api/v1/message/${id}`)
    expect(body).toMatchObject({
      ID: id,
      From: { Name: 'Usual Store', Address: 'noreply@usualstore.com' },
      To: [{ Name: '', Address: 'maya@example.com' }],
      Subject: 'Welcome, Zoë',
      ReturnPath: 'noreply@usualstore.com',
      HTML: '<p>Grüße &amp; good day</p>',
      Inline: [],
      Tags: [],
    })
    expect(body.Text.trim()).toBe('Grüße & good day')
    expect(Number.isNaN(Date.parse(body.Date))).toBe(false)
    expect(body.Attachments).toEqual([
      expect.objectContaining({ FileName: 'terms.txt', ContentType: 'text/plain', Size: 7 }),
    ])
    const source = await api(`/api/v1/message/${id}/raw`)
    expect(source.text).toContain('To: maya@example.com\r\n')
    expect(source.text).toHaveLength(body.Size)
    expect((await api(`/api/v1/message/${id}/headers`)).body).toMatchObject({
      To: ['maya@example.com'],
      'Message-Id': [`<${body.MessageID}>`],
    })
    expect((await api('/api/v1/messages')).body.messages[0]).toMatchObject({ Read: true, Attachments: 1 })
  })

  it('may come with any login, which is recorded', async () => {
    await transport({ auth: { user: 'whoever', pass: 'whatever' } }).sendMail(mailTo('maya@example.com'))
    expect((await api('/api/v1/messages')).body.messages[0].Username).toBe('whoever')
  })

  it('keeps dots at the start of a line', async () => {
    await transport().sendMail(mailTo('maya@example.com', { text: '.\n..\nlast', html: undefined }))
    const { body } = await api('/api/v1/message/latest')
    expect(body.Text.trim()).toBe('.\n..\nlast')
  })

  it('is greeted without the delay that smtp-server puts before each connection', async () => {
    const delays: number[] = []
    for (let attempt = 0; attempt < 5; attempt++) {
      const startedAt = performance.now()
      const line = await speak()
      delays.push(performance.now() - startedAt)
      line.socket.destroy()
    }
    // The quickest one: a busy machine may hold up the others.
    expect(Math.min(...delays)).toBeLessThan(90)
  })
})

describe('addresses that ask for trouble', () => {
  it.each([
    ['550@example.com', 550, '5.1.1'],
    ['550+anna@example.com', 550, '5.1.1'],
    ['451@example.com', 451, '4.7.1'],
    ['421@example.com', 421, '4.3.2'],
    ['552@example.com', 552, '5.3.4'],
  ])('%s is answered %i %s and nothing is kept', async (to, responseCode, enhanced) => {
    await expect(transport().sendMail(mailTo(to))).rejects.toMatchObject({
      responseCode,
      response: expect.stringContaining(enhanced),
    })
    expect((await api('/api/v1/messages')).body.total).toBe(0)
  })

  it('421 also closes the connection', async () => {
    const line = await speak()
    await line.say('EHLO test', /^250 /m)
    await line.say('MAIL FROM:<a@example.com>', /^250/)
    await line.say('RCPT TO:<421@example.com>', /^421/)
    await line.closed
    expect(line.replies()).toMatch(/^421 4\.3\.2/)
  })

  it('451-twice takes the third try of each mail, counted for each address', async () => {
    const outcomes: number[] = []
    for (let attempt = 0; attempt < 4; attempt++) outcomes.push(await replyTo('451-twice+a@example.com'))
    expect(outcomes).toEqual([451, 451, 250, 451])
    expect(await replyTo('451-twice+a@example.org')).toBe(451)
    expect(await replyTo('451-twice+b@example.com')).toBe(451)
  })

  it('slow is accepted after five seconds and not before', async () => {
    const startedAt = performance.now()
    const sending = transport().sendMail(mailTo('slow@example.com'))
    await transport().sendMail(mailTo('ok@example.com'))
    expect((await api('/api/v1/messages')).body.total).toBe(1)
    await sending
    expect(performance.now() - startedAt).toBeGreaterThan(4_900)
    expect((await api('/api/v1/messages')).body.total).toBe(2)
  })

  it('hang never answers the final dot, and other connections go on', async () => {
    const line = await untilFinalDot('hang@example.com')
    line.socket.write('Subject: x\r\n\r\nbody\r\n.\r\n')
    await transport().sendMail(mailTo('ok@example.com'))
    expect(line.replies()).toMatch(/^354[^\n]*\n$/)
    expect((await api('/api/v1/messages')).body.total).toBe(1)
    line.socket.destroy()
  })

  it('drop-after-dot keeps the mail and cuts the line without a reply', async () => {
    const line = await untilFinalDot('drop-after-dot@example.com')
    line.socket.write('Subject: kept\r\n\r\nbody\r\n.\r\n')
    await line.closed
    expect(line.replies()).toMatch(/^354[^\n]*\n$/)
    expect(subjects((await api('/api/v1/messages')).body)).toEqual(['kept'])
  })

  it('one misbehaving recipient does not spoil the others', async () => {
    const info = await transport().sendMail(mailTo('ok@example.com, 550@example.com'))
    expect(info.accepted).toEqual(['ok@example.com'])
    expect((await api('/api/v1/messages')).body.messages[0].Envelope.To).toEqual(['ok@example.com'])
  })
})

describe('the search', () => {
  beforeEach(async () => {
    await transport().sendMail(mailTo('maya@example.com', { subject: 'Reset your password', messageId: '<one@test>' }))
    await transport().sendMail(mailTo('ravi@example.org', { subject: 'Your order', messageId: '<two@test>' }))
  })

  it.each([
    ['to:"maya@example.com"', ['Reset your password']],
    ['to:MAYA', ['Reset your password']],
    ['from:noreply@usualstore.com', ['Your order', 'Reset your password']],
    ['subject:"your order"', ['Your order']],
    ['message-id:two@test', ['Your order']],
    ['grüße ravi', ['Your order']],
    ['to:example -subject:order', ['Reset your password']],
    ['to:"nobody@example.com"', []],
  ])('%s finds %j', async (query, expected) => {
    const { body } = await api(`/api/v1/search?query=${encodeURIComponent(query)}`)
    expect(subjects(body)).toEqual(expected)
    expect(body).toMatchObject({ total: 2, messages_count: expected.length })
  })

  it('without a query is refused with a sentence', async () => {
    expect(await api('/api/v1/search')).toMatchObject({
      status: 400,
      body: { Error: expect.stringContaining('empty') },
    })
  })
})

describe('the store', () => {
  it('brings every mail back after a stop that follows the last 250 at once', async () => {
    const pool = createTransport({
      host: '127.0.0.1',
      port: catcher.smtpPort,
      pool: true,
      maxConnections: 4,
      maxMessages: Infinity,
    })
    const sent = Array.from({ length: 60 }, (_, number) => `number ${String(number).padStart(2, '0')}`)
    await Promise.all(sent.map((subject) => pool.sendMail(mailTo('maya@example.com', { subject }))))
    const before = await api('/api/v1/messages?limit=100')
    await restart()
    pool.close()
    const after = await api('/api/v1/messages?limit=100')
    expect(subjects(after.body).toSorted()).toEqual(sent)
    expect(after.body.messages).toEqual(before.body.messages)
    expect((await api('/api/v1/message/latest')).body.Text.trim()).toBe('Grüße & good day')
    await vi.waitFor(async () => expect(await readdir(dir)).toHaveLength(sent.length + 1), 10_000)
    await restart()
    expect((await api('/api/v1/messages?limit=100')).body.messages).toHaveLength(sent.length)
    expect((await api('/api/v1/message/latest')).body.Text.trim()).toBe('Grüße & good day')
  })

  it('starts again after a kill left half a line and a mail without one', async () => {
    await transport().sendMail(mailTo('maya@example.com', { subject: 'whole' }))
    await vi.waitFor(async () => expect(await readFile(join(dir, 'index.jsonl'), 'utf8')).toContain('whole'))
    await catcher.close()
    await appendFile(join(dir, 'index.jsonl'), '{"id":"cut')
    await writeFile(join(dir, 'orphan.eml'), 'Subject: orphan\r\n\r\n')
    catcher = await startCatcher({ smtpPort: 0, uiPort: 0, dir })
    expect(subjects((await api('/api/v1/messages')).body)).toEqual(['whole'])
    expect(await readdir(dir)).not.toContain('orphan.eml')
  })

  it('keeps only the newest, in the list and on the disk, also over a restart', async () => {
    await restart({ keep: 3 })
    for (const subject of ['1', '2', '3', '4', '5']) await transport().sendMail(mailTo('maya@example.com', { subject }))
    expect(subjects((await api('/api/v1/messages')).body)).toEqual(['5', '4', '3'])
    await restart({ keep: 2 })
    expect(subjects((await api('/api/v1/messages')).body)).toEqual(['5', '4'])
    await vi.waitFor(async () => expect((await readdir(dir)).filter((file) => file.endsWith('.eml'))).toHaveLength(2))
  })

  it('pages through the list', async () => {
    for (const subject of ['1', '2', '3']) await transport().sendMail(mailTo('maya@example.com', { subject }))
    const { body } = await api('/api/v1/messages?start=1&limit=1')
    expect(subjects(body)).toEqual(['2'])
    expect(body).toMatchObject({ total: 3, start: 1, count: 1 })
  })

  it('deletes the chosen mails, or all, for good', async () => {
    for (const subject of ['1', '2', '3']) await transport().sendMail(mailTo('maya@example.com', { subject }))
    const { messages } = (await api('/api/v1/messages')).body
    const chosen = await api('/api/v1/messages', { method: 'DELETE', body: JSON.stringify({ IDs: [messages[0].ID] }) })
    expect(chosen.text).toBe('ok')
    expect((await api(`/api/v1/message/${messages[0].ID}`)).status).toBe(404)
    await restart()
    expect(subjects((await api('/api/v1/messages')).body)).toEqual(['2', '1'])
    await api('/api/v1/messages', { method: 'DELETE' })
    await restart()
    expect((await api('/api/v1/messages')).body.total).toBe(0)
    await vi.waitFor(async () => expect(await readdir(dir)).toEqual(['index.jsonl']))
  })

  it('deletes nothing when the body cannot be read', async () => {
    await transport().sendMail(mailTo('maya@example.com'))
    const refused = await api('/api/v1/messages', { method: 'DELETE', body: '{"IDs":' })
    expect(refused).toMatchObject({ status: 400, body: { Error: expect.stringContaining('JSON') } })
    expect((await api('/api/v1/messages')).body.total).toBe(1)
  })
})

describe('the web side', () => {
  it('refuses a foreign Host, so that no other site can read the mails', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = {
        port: catcher.uiPort,
        host: '127.0.0.1',
        path: '/api/v1/messages',
        headers: { host: 'evil.example' },
      }
      request(options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(403)
  })

  it('tells its state in the shape of Mailpit', async () => {
    await transport().sendMail(mailTo('maya@example.com'))
    expect((await api('/api/v1/info')).body).toMatchObject({
      Messages: 1,
      Unread: 1,
      RuntimeStats: { SMTPAccepted: 1, SMTPRejected: 0 },
    })
  })

  it('serves the page under a policy that runs no script of a mail', async () => {
    const page = await api('/')
    expect(page.text).toContain('<h1>Mail catcher</h1>')
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';")
    expect(page.headers.get('access-control-allow-origin')).toBeNull()
  })

  it.each(['/nothing', '/api/v1/message/unknown', '/api/v1/message/..%2Findex.jsonl/raw'])(
    '%s is not found, in a sentence',
    async (path) => {
      expect(await api(path)).toMatchObject({ status: 404, body: { Error: expect.stringContaining('There is no') } })
    },
  )
})

describe('starting and stopping', () => {
  it('names the port that is taken and the remedy, and leaves the mails of the one that has it alone', async () => {
    await transport().sendMail(mailTo('maya@example.com'))
    await expect(startCatcher({ smtpPort: catcher.smtpPort, uiPort: 0, dir })).rejects.toThrow(
      `Port ${catcher.smtpPort} is taken: stop what uses it, or set MAIL_SMTP_PORT to a free port.`,
    )
    expect((await api('/api/v1/message/latest')).status).toBe(200)
  })

  it('stops within two seconds though a connection hangs', async () => {
    const line = await untilFinalDot('hang@example.com')
    line.socket.write('Subject: x\r\n\r\nbody\r\n.\r\n')
    const startedAt = performance.now()
    await catcher.close()
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    catcher = await startCatcher({ smtpPort: 0, uiPort: 0, dir })
  })
})
