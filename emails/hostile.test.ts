import { describe, expect, test } from 'vitest'
import { hostileLines, hostileTexts } from '@/stack/testing/hostile'
import { buildMime } from './mime'
import { templates } from './registry'
import { renderEmail } from './render'

const link = { url: 'https://desk.example.com/set-password#t0ken', expiresAt: new Date(0) }

/** Every part of a mail that somebody else wrote. */
const rendered = (text: string) => [
  renderEmail({ template: 'plain', data: { body: `${text}\n${text}` } }),
  renderEmail({ template: 'plain', data: { body: '[hidden]' }, secret: { body: text } }),
  renderEmail({
    template: 'welcome',
    data: { ...templates.welcome.sample, first_name: text, last_name: text },
    secret: { link },
  }),
  renderEmail({
    template: 'welcome',
    data: { ...templates.welcome.sample, first_sign_in: 'password' },
    secret: { password: text },
  }),
  renderEmail({
    template: 'password-reset',
    data: { ...templates['password-reset'].sample, first_name: text },
    secret: { link },
  }),
]

/** As a reader's client would see it: what is a tag, and what its attributes are. */
const tags = (html: string): string[] => html.match(/<[a-z][^>]*>/gi) ?? []

describe.each(hostileTexts)('%j', (text) => {
  test('is text in the HTML of every mail, and only text', () => {
    for (const { html, text: plain } of rendered(text)) {
      expect(plain).toContain(text)
      for (const tag of tags(html)) {
        expect(tag).not.toMatch(/^<(script|img|svg|math|details|input|iframe|base|link|object|form|textarea)\b/i)
        expect(tag).not.toMatch(/\son\w+=|javascript:|evil\.example|__ran/i)
        expect(tag).not.toMatch(/href="(?!https?:\/\/)/i)
      }
      // A sign that begins a tag or ends an attribute stands nowhere as it was written.
      expect(/[<>"]/.test(text) && html.includes(text)).toBe(false)
    }
  })

  test('begins no header as a subject or a name', () => {
    const mime = buildMime({
      messageId: 'm1',
      date: new Date(0),
      from: 'noreply@usualstore.com',
      fromName: text,
      to: 'a@example.com',
      subject: text,
      html: '',
      text: '',
    })
    const head = mime.slice(0, mime.indexOf('\r\n\r\n'))
    const names = head.split(/\r\n(?! )/).map((line) => line.slice(0, line.indexOf(':')))
    expect(names).toEqual([
      'Date',
      'From',
      'To',
      'Subject',
      'Message-ID',
      'MIME-Version',
      'Auto-Submitted',
      'Content-Type',
    ])
  })
})

test.each(hostileLines.filter((line) => /[\r\n\0]/.test(line)))('%j makes no mail at all', (line) => {
  const mail = { messageId: 'm1', date: new Date(0), from: 'a@example.com', to: 'a@example.com', html: '', text: '' }
  expect(() => buildMime({ ...mail, subject: line })).toThrow('line break')
  expect(() => buildMime({ ...mail, subject: 'x', fromName: line })).toThrow('line break')
  expect(() => buildMime({ ...mail, subject: 'x', to: line })).toThrow('not one plain mail address')
})
