import { expect, test } from 'vitest'
import type { MessageView } from '@/core/views'
import { caseText } from './case-text'

const message = {
  id: '019a2f7c-0000-7000-8000-00000000b41e',
  status: 'sent',
  subject: 'Welcome',
  to: 'olena@example.com',
  sent_at: '2026-11-24T12:02:00.000Z',
  due_at: '2026-11-24T12:01:58.000Z',
  may_have_been_delivered: false,
  delivery: 'send',
  last_cause: null,
  last_reply: '250 OK queued',
  route_host: null,
  was_put_back: false,
  actions: { retry: null, resend: null, cancel: 'It was accepted.', release: 'It is not held.' },
  timeline: [
    { at: '2026-11-24T12:01:58.000Z', sentence: 'Maya Example asked for this mail', detail: 'Saved', reply: null },
    { at: '2026-11-24T12:02:00.000Z', sentence: 'mx1 accepted it', detail: null, reply: '250 OK queued' },
  ],
} as unknown as MessageView

test('a case is its link, the answer, the story with every reply, and the data', () => {
  const words = { time: (instant: string) => instant.slice(11, 16), day: (day: string) => day, smtpHost: 'mx1' }
  const text = caseText(message, 'https://support.example.com', words, {
    now: Date.parse('2026-11-24T13:00:00Z'),
    zone: 'UTC',
  })
  const [link, what, answer, , first, second, reply] = text.split('\n')
  expect(link).toBe('https://support.example.com/support/messages/019a2f7c-0000-7000-8000-00000000b41e')
  expect(what).toBe('Welcome, to olena@example.com')
  expect(answer).toBe('Yes. mx1 accepted it at 12:02.')
  expect(first).toBe('24 Nov 2026, 12:01:58 UTC  Maya Example asked for this mail. Saved')
  expect([second, reply]).toEqual(['24 Nov 2026, 12:02:00 UTC  mx1 accepted it', '    250 OK queued'])
  const data = JSON.parse(text.slice(text.indexOf('{'))) as Record<string, unknown>
  expect(data).toMatchObject({ id: message.id, timeline: [{}, { reply: '250 OK queued' }] })
  // What whoever copied it could do tells nothing of the mail.
  expect(data).not.toHaveProperty('actions')
})
