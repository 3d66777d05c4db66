import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import { buildMime, MimeError, type MimeInput } from './mime'

const input: MimeInput = {
  messageId: '0199c2d1-7c3e-7b1a-9a55-2f4f0c1d2e3f',
  date: new Date('2026-11-24T15:34:56Z'),
  from: 'noreply@usualstore.com',
  to: 'john.doe@example.com',
  subject: 'Welcome to Usual Store - Your User Account',
  html: '<p>Grüße &amp; 😀</p>',
  text: 'Grüße & 😀',
}

const head = (mime: string): string => mime.slice(0, mime.indexOf('\r\n\r\n'))

const boundary = (mime: string) => mime.match(/boundary="([^"]+)"/)?.[1]

test('reads back as it was written, with every header', async () => {
  const mime = buildMime({ ...input, fromName: 'Usual Store', replyTo: 'help@example.com' })
  const mail = await simpleParser(mime, { skipTextToHtml: true })
  expect(mail.text).toBe(input.text)
  expect(mail.html).toBe(input.html)
  expect(mail.subject).toBe(input.subject)
  expect(mail.from?.value).toEqual([{ address: input.from, name: 'Usual Store' }])
  expect(mail.to).toMatchObject({ value: [{ address: input.to }] })
  expect(mail.replyTo?.value).toMatchObject([{ address: 'help@example.com' }])
  expect(mail.date).toEqual(input.date)
  expect(mail.messageId).toBe(`<${input.messageId}@usualstore.com>`)
  expect(mail.headers.get('mime-version')).toBe('1.0')
  expect(mail.headers.get('auto-submitted')).toBe('auto-generated')
  expect(head(mime)).toContain('Date: Tue, 24 Nov 2026 15:34:56 +0000\r\n')
})

test('the plain text comes first and the HTML second', () => {
  const mime = buildMime(input)
  const types = [...mime.matchAll(/^Content-Type: (\S+);/gm)].map((match) => match[1])
  expect(types).toEqual(['multipart/alternative', 'text/plain', 'text/html'])
})

test('the same input makes the same bytes, another message another boundary', () => {
  expect(buildMime(input)).toBe(buildMime({ ...input }))
  expect(boundary(buildMime(input))).not.toBe(boundary(buildMime({ ...input, messageId: 'another' })))
})

const long = 'ä'.repeat(2_000)
const bodies = [
  '',
  '.\r\n.',
  '..\n',
  'x'.repeat(2_000),
  long,
  'a\rb\r\nc\n',
  `--=_${input.messageId}--`,
  'ends with a space ',
]

test.each(bodies)('is 7-bit clean, in short lines ended by CRLF, whatever the text (%#)', async (body) => {
  const mime = buildMime({ ...input, text: body, html: body, subject: long, fromName: long })
  // oxlint-disable-next-line no-control-regex -- the whole point
  expect(mime).toMatch(/^(?:[\x20-\x7e]{0,78}\r\n)*$/)
  const mail = await simpleParser(mime, { skipTextToHtml: true })
  expect((mail.text ?? '').trimEnd()).toBe(body.replace(/\r\n|\r/g, '\n').trimEnd())
})

describe('the subject', () => {
  const subjects = [
    '',
    'Ihr Konto ist fertig: Grüße aus Köln',
    '😀👩‍👩‍👧‍👦 Вітаємо 你好 '.repeat(20).trim(),
    'word '.repeat(400).trim(),
    'x'.repeat(2_000),
    '😀'.repeat(1_000),
    'a'.repeat(37) + '😀é'.repeat(40),
    '=?UTF-8?B?PHNjcmlwdD4=?=',
    'two  spaces and\ta tab',
    'a, b <c@example.com>; "d"',
  ]
  test.each(subjects)('reads back the same (%#)', async (subject) => {
    const mime = buildMime({ ...input, subject })
    const mail = await simpleParser(mime)
    expect(mail.subject ?? '').toBe(subject)
  })

  test.each(subjects)('keeps to the limits of lines and encoded words (%#)', (subject) => {
    for (const line of head(buildMime({ ...input, subject })).split('\r\n')) {
      expect(line.length).toBeLessThanOrEqual(line.includes('=?') ? 76 : 78)
      expect(line.trim()).not.toBe('')
    }
    for (const [word] of head(buildMime({ ...input, subject })).matchAll(/=\?UTF-8\?B\?[^?]*\?=/g)) {
      expect(word.length).toBeLessThanOrEqual(75)
      // Each word alone is whole: no character is split between two.
      expect(Buffer.from(word.slice(10, -2), 'base64').toString()).not.toContain('\ufffd')
    }
  })
})

test.each([
  'Usual Store',
  'Käufer & Co',
  'Doe, John <evil@example.com>',
  '"quoted" \\ (comment)',
  'a@b.example',
  '=?x?=',
])('the name of the sender never becomes an address: %s', async (fromName) => {
  const mail = await simpleParser(buildMime({ ...input, fromName }))
  expect(mail.from?.value).toEqual([{ address: input.from, name: fromName }])
})

describe('refuses', () => {
  const breaks = ['a\r\nBcc: evil@example.com', 'a\nb', 'a\rb', 'a\0b', '\r\n', 'a\r\n\r\n<b>body</b>']
  test.each(breaks)('a line break or NUL in any header value (%#)', (value) => {
    expect(() => buildMime({ ...input, subject: value })).toThrow(MimeError)
    expect(() => buildMime({ ...input, fromName: value })).toThrow(MimeError)
    expect(() => buildMime({ ...input, messageId: value })).toThrow(MimeError)
    expect(() => buildMime({ ...input, headers: { 'X-Note': value } })).toThrow(MimeError)
    expect(() => buildMime({ ...input, headers: { [value]: 'x' } })).toThrow(MimeError)
  })

  const addresses = [
    'b@example.com\r\nBcc: evil@example.com',
    'a@example.com, b@example.com',
    'a@example.com;b@example.com',
    'a@example.com b@example.com',
    'Name <a@example.com>',
    '<a@example.com>',
    'a@example.com\0',
    'a@example.com\n',
    'a＠example.com',
    'ä@example.com',
    'a@exämple.com',
    '"a b"@example.com',
    'a@@example.com',
    'a@',
    '',
  ]
  test.each(addresses)('what is not one plain ASCII address (%#): %s', (address) => {
    for (const field of ['from', 'to', 'replyTo']) {
      expect(() => buildMime({ ...input, [field]: address })).toThrow(MimeError)
    }
  })

  test.each(['Bcc', 'to', 'Content-Type', 'Bad Name', 'X:', ''])('a further header named "%s"', (name) => {
    expect(() => buildMime({ ...input, headers: { [name]: 'x' } })).toThrow(MimeError)
  })

  test('a line that no server would take, a value that is not ASCII, and a date that is none', () => {
    expect(() => buildMime({ ...input, headers: { 'X-Long': 'x'.repeat(999) } })).toThrow(MimeError)
    expect(() => buildMime({ ...input, headers: { 'X-Note': 'ü' } })).toThrow(MimeError)
    expect(() => buildMime({ ...input, date: new Date(Number.NaN) })).toThrow(MimeError)
  })
})

test('further headers are folded and read back the same', async () => {
  const note = 'some words '.repeat(30).trim()
  const mail = await simpleParser(buildMime({ ...input, headers: { 'X-Note': note, 'List-Id': '<mail.example.com>' } }))
  expect(mail.headers.get('x-note')).toBe(note)
})
