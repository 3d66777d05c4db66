import { describe, expect, it } from 'vitest'
import { answerOf, pathOf, summaryOf, whatHappens } from './about-message'

const now = Date.parse('2026-11-24T12:32:36Z')
const words = {
  time: (instant: string) => instant.slice(11, 16),
  day: (instant: string) => instant.slice(0, 10),
  smtpHost: 'mx1.example.com',
}

type Message = Parameters<typeof summaryOf>[0]

const message = (changes: Partial<Message>): Message => ({
  id: '019a2f7c-0000-7000-8000-00000000b41e',
  type: 'welcome',
  status: 'queued',
  to: 'ravi@example.org',
  subject: 'Welcome',
  template: 'welcome',
  priority: 'normal',
  retry_count: 0,
  max_retries: 3,
  created_at: '2026-11-24T12:31:30.000Z',
  created_by: 'Maya Example',
  due_at: '2026-11-24T12:31:30.000Z',
  sent_at: null,
  closed_at: null,
  dead_reason: null,
  may_have_been_delivered: false,
  delivery: 'send',
  last_reply: null,
  last_cause: null,
  route_host: null,
  was_put_back: false,
  waiting_for_kafka_since: null,
  delayed_since: null,
  expires_at: '2026-11-27T12:31:30.000Z',
  suppressed_since: null,
  ...changes,
})

const retrying = message({
  status: 'retrying',
  retry_count: 2,
  due_at: '2026-11-24T12:34:00Z',
  last_reply: '451 4.7.1 Greylisted',
})
const sent = message({ status: 'sent', sent_at: '2026-11-24T12:31:30.044Z' })
const parked = message({ status: 'dead', dead_reason: 'ambiguous', may_have_been_delivered: true })

describe('the answer', () => {
  it.each<[string, Message, string, string]>([
    ['sent', sent, 'Yes.', 'good'],
    ['sent, and perhaps twice', { ...sent, may_have_been_delivered: true }, 'Yes,', 'good'],
    ['its turn has not come', message({}), 'Not yet.', 'calm'],
    ['waiting for Kafka', message({ waiting_for_kafka_since: '2026-11-24T12:31:31Z' }), 'Not yet.', 'wait'],
    ['delayed by a fault of ours', message({ delayed_since: '2026-11-24T12:31:31Z' }), 'Not yet.', 'wait'],
    ['under way', message({ status: 'sending' }), 'Not yet.', 'now'],
    ['a try failed', retrying, 'Not yet.', 'wait'],
    ['given up', message({ status: 'dead', dead_reason: 'refused', last_reply: '550 5.1.1 no' }), 'No.', 'stop'],
    ['parked in doubt', parked, 'We cannot be sure.', 'unsure'],
    ['cancelled', message({ status: 'cancelled', closed_at: '2026-11-24T12:31:40Z' }), 'No.', 'calm'],
    ['suppressed', message({ status: 'suppressed' }), 'Not sent:', 'calm'],
    ['held', message({ delivery: 'held' }), 'Not yet.', 'wait'],
    ['pretended', message({ status: 'sent', delivery: 'pretend' }), 'Not sent:', 'calm'],
  ])('%s', (_, given, lead, tone) => {
    const answer = answerOf(given, words, now)
    expect(answer).toMatchObject({ lead, tone })
    expect(`${answer.lead} ${answer.rest}`).toBe(summaryOf(given, words, now))
  })

  it('names the time that was asked for only while it lies ahead', () => {
    const scheduled = message({ due_at: '2026-11-24T18:00:00Z' })
    expect(summaryOf(scheduled, words, now)).toContain('18:00')
    expect(summaryOf(scheduled, words, Date.parse('2026-11-24T18:00:01Z'))).not.toContain('18:00')
  })
})

it('a list says in short what happens', () => {
  expect(whatHappens(retrying, words, now)).toBe('Try 3 of 4 in 1 min 24 s')
  expect(whatHappens(retrying, words, Date.parse('2026-11-24T12:34:01Z'))).toBe('Try 3 of 4 is due now')
  expect(whatHappens(sent, words, now)).toBe('Accepted at 12:31')
  expect(whatHappens({ ...sent, delivery: 'pretend' }, words, now)).toBe('Only pretended, at 12:31')
  expect(whatHappens(message({ delivery: 'held' }), words, now)).toBe('Held until staff release it')
  expect(whatHappens({ ...retrying, delayed_since: '2026-11-24T12:31:31Z' }, words, now)).toBe('Delayed since 12:31')
  expect(whatHappens(message({ delayed_since: '2026-11-24T12:31:31Z' }), words, now)).toBe('Delayed since 12:31')
  expect(whatHappens(message({ status: 'dead', last_cause: 'spam_refused' }), words, now)).toBe(
    'The mail was taken for spam',
  )
  expect(whatHappens(parked, words, now)).toBe('The line broke before the reply')
  expect(whatHappens(message({ status: 'dead', dead_reason: 'refused', last_reply: '550 5.1.1 no' }), words, now)).toBe(
    'The mailbox does not exist',
  )
})

const states = (given: Message) => pathOf(given, words, now).map(({ label, state }) => `${label}: ${state}`)

describe('the path', () => {
  it('goes on from step to step', () => {
    expect(states(message({}))).toEqual(['Saved: done', 'In Kafka: now', 'First try: to-come', 'Accepted: to-come'])
    expect(states(message({ status: 'sending' }))).toEqual([
      'Saved: done',
      'In Kafka: done',
      'First try: now',
      'Accepted: to-come',
    ])
    expect(states(sent)).toEqual(['Saved: done', 'In Kafka: done', 'First try: done', 'Accepted: done'])
    expect(pathOf(sent, words, now).at(-1)?.detail).toBe('+44 ms')
  })

  it('stops where mail is held, and ends where it was only pretended', () => {
    expect(states(message({ delivery: 'held' }))).toEqual(['Saved: done', 'Held: wait', 'Accepted: to-come'])
    expect(states({ ...sent, delivery: 'pretend' })).toEqual(['Saved: done', 'In Kafka: done', 'Pretended: done'])
  })

  it('stands at Kafka while Kafka is away', () =>
    expect(states(message({ waiting_for_kafka_since: '2026-11-24T12:31:31Z' }))[1]).toBe('In Kafka: wait'))

  it('stands at the try while sending is paused', () => {
    const delayed_since = '2026-11-24T12:31:31Z'
    expect(states(message({ delayed_since })).slice(1, 3)).toEqual(['In Kafka: done', 'First try: wait'])
    expect(states({ ...retrying, delayed_since })[3]).toBe('Third try: wait')
  })

  it('shows the failed try and the next one', () =>
    expect(states(retrying).slice(2)).toEqual(['Second try: wait', 'Third try: to-come']))

  it('does not claim acceptance where nobody can know', () =>
    expect(states(parked).slice(2)).toEqual(['First try: unsure', 'Accepted: unsure']))
})

it('what was tried and given back does not look as if nobody had tried it', () => {
  const tried = message({ last_cause: 'line_broke', last_reply: 'Connection closed' })
  expect(whatHappens(tried, words, now)).toBe('Tried again now')
  expect(whatHappens({ ...tried, due_at: new Date(now + 90_000).toISOString() }, words, now)).toBe(
    'Tried again in 1 min 30 s',
  )
  expect(pathOf(tried, words, now)[2]).toMatchObject({ label: 'First try', state: 'wait', detail: 'the line broke' })
  expect(answerOf(tried, words, now).tone).toBe('wait')
  expect(whatHappens({ ...tried, status: 'cancelled' }, words, now)).toBe('Cancelled')
})
