import { describe, expect, test } from 'vitest'
import { deadReasons, statuses } from './message'
import { causes } from './smtp-failure'
import { meaning, summarise, tell, type EventDetail, type MessageFacts } from './sentences'
import type { MessageEventKind } from './views'

const words = {
  time: (instant: string) => `<${instant}>`,
  day: (instant: string) => `<day of ${instant}>`,
  smtpHost: 'mx.example.net',
}

const queued: MessageFacts = {
  status: 'queued',
  retryCount: 0,
  maxRetries: 3,
  dueAt: 'due',
  sentAt: null,
  closedAt: null,
  deadReason: null,
  mayHaveBeenDelivered: false,
  delivery: 'send',
  lastReply: null,
  lastCause: null,
  routeHost: null,
  wasPutBack: false,
  waitingForKafkaSince: null,
  delayedSince: null,
  dueLater: false,
  expiresAt: 'expires',
  suppressedSince: null,
}

const summary = (facts: Partial<MessageFacts>) => summarise({ ...queued, ...facts }, words)
const flagged = (facts: Partial<MessageFacts>) => summary({ mayHaveBeenDelivered: true, ...facts })
const later = '451 4.7.1 Try later'
const gone = '550 5.1.1 No such user'

test.each<[string, Partial<MessageFacts>, string]>([
  ['queued', {}, 'Not yet. It is waiting for its turn.'],
  [
    'queued after a try that used none of them up',
    { lastCause: 'line_broke' },
    'Not yet. mx.example.net broke off before the mail had left. It is tried again now.',
  ],
  [
    'the same, and not due yet',
    { lastCause: 'line_broke', dueLater: true },
    'Not yet. mx.example.net broke off before the mail had left. The next try is due at <due>.',
  ],
  ['scheduled', { dueLater: true }, 'Not yet. It is waiting until <due>, as asked.'],
  [
    'waiting for Kafka',
    { waitingForKafkaSince: 'kafka' },
    'Not yet. It has been waiting for Kafka since <kafka> and goes out by itself when Kafka is back.',
  ],
  ['sending', { status: 'sending' }, 'Not yet. It is being handed to mx.example.net now.'],
  [
    'retrying after a 4xx',
    { status: 'retrying', retryCount: 2, lastReply: later },
    'Not yet. mx.example.net asked us to come back later. Try 3 of 4 is due at <due>.',
  ],
  [
    'retrying without a reply',
    { status: 'retrying', retryCount: 1, lastReply: 'connect ECONNREFUSED' },
    'Not yet. mx.example.net could not be reached or broke off. Try 2 of 4 is due at <due>.',
  ],
  [
    'retrying after our sign-in was refused',
    { status: 'retrying', retryCount: 1, lastReply: '535 5.7.8 Bad credentials' },
    'Not yet. mx.example.net turned us away: it answered 535. Try 2 of 4 is due at <due>.',
  ],
  [
    'held',
    { delivery: 'held', dueLater: true },
    'Not yet. It is held, because this address is not on the guest list: staff can release it, or cancel it.',
  ],
  [
    'to be pretended',
    { delivery: 'pretend' },
    'Not yet. It is on its way, and is only pretended: no mail server is going to see it.',
  ],
  [
    'pretended',
    { status: 'sent', delivery: 'pretend', sentAt: 'sent' },
    'Not sent: it was only pretended, at <sent>. No mail server has seen it.',
  ],
  [
    'pretended, and not made',
    { status: 'dead', delivery: 'pretend', deadReason: 'not_rendered' },
    'No. The mail could not be made from its template.',
  ],
  [
    'pretended after a try of which nobody knows',
    { status: 'sent', delivery: 'pretend', sentAt: 'sent', mayHaveBeenDelivered: true },
    'We cannot be sure. An earlier try may have been delivered. The last one was only pretended, at <sent>.',
  ],
  ['sent', { status: 'sent', sentAt: 'sent' }, 'Yes. mx.example.net accepted it at <sent>.'],
  [
    'refused at the first try',
    { status: 'dead', deadReason: 'refused', lastReply: gone },
    'No. mx.example.net refused it: the mailbox does not exist. There was 1 try.',
  ],
  [
    'refused at the third',
    { status: 'dead', deadReason: 'refused', retryCount: 2, lastReply: '554 no' },
    'No. mx.example.net refused it: it answered 554. There were 3 tries.',
  ],
  [
    'tried in vain',
    { status: 'dead', deadReason: 'tries_used_up', retryCount: 3, lastReply: later },
    'No. mx.example.net asked us to come back later. All 4 tries are used up.',
  ],
  [
    'not made',
    { status: 'dead', deadReason: 'not_rendered', lastReply: 'There is no template "x".' },
    'No. The mail could not be made from its template. There is no template "x".',
  ],
  [
    'not made, for a reason that is no sentence',
    { status: 'dead', deadReason: 'not_rendered', lastReply: '[{"code":"invalid_type"}]' },
    'No. The mail could not be made from its template.',
  ],
  [
    'cancelled before any try',
    { status: 'cancelled', closedAt: 'closed' },
    'No. It was cancelled at <closed>, before any try.',
  ],
  [
    'cancelled after a try',
    { status: 'cancelled', closedAt: 'closed', retryCount: 1 },
    'No. It was cancelled at <closed> after 1 try.',
  ],
  [
    'cancelled after two',
    { status: 'cancelled', closedAt: 'closed', retryCount: 2 },
    'No. It was cancelled at <closed> after 2 tries.',
  ],
  [
    'suppressed',
    { status: 'suppressed', suppressedSince: 'bounce' },
    'Not sent: this address has been on the suppression list since <day of bounce>.',
  ],
  [
    'suppressed, and taken off the list since',
    { status: 'suppressed' },
    'Not sent: this address was on the suppression list.',
  ],
  ['delayed', { delayedSince: 'fault' }, 'Not yet. Delayed since <fault> by a fault of ours.'],
  [
    'delayed, with Kafka away as well',
    { delayedSince: 'fault', waitingForKafkaSince: 'kafka' },
    'Not yet. Delayed since <fault> by a fault of ours.',
  ],
  [
    'delayed between two tries',
    { status: 'retrying', retryCount: 1, lastReply: later, lastCause: 'temporary', delayedSince: 'fault' },
    'Not yet. Delayed since <fault> by a fault of ours.',
  ],
  [
    'retrying, for a cause that is known',
    { status: 'retrying', retryCount: 1, lastReply: '552 5.2.2 x', lastCause: 'mailbox_full' },
    'Not yet. mx.example.net says their mailbox is full. Try 2 of 4 is due at <due>.',
  ],
  [
    'refused, for a cause that is known',
    { status: 'dead', deadReason: 'refused', lastReply: gone, lastCause: 'mailbox_unknown' },
    'No. mx.example.net says the mailbox does not exist. There was 1 try.',
  ],
  [
    'refused again after it was put back',
    { status: 'dead', deadReason: 'refused', lastCause: 'mailbox_unknown', wasPutBack: true },
    'No. mx.example.net says the mailbox does not exist. There was 1 try since it was put back.',
  ],
  [
    'cancelled after it was put back',
    { status: 'cancelled', lastCause: 'mailbox_unknown', closedAt: 'closed' },
    'No. It was cancelled at <closed>.',
  ],
  [
    'refused, for a cause that a newer version knows',
    { status: 'dead', deadReason: 'refused', lastReply: gone, lastCause: 'moon_phase' },
    'No. mx.example.net refused it: the mailbox does not exist. There was 1 try.',
  ],
  [
    'refused on the second route',
    { status: 'dead', deadReason: 'refused', lastCause: 'spam_refused', routeHost: 'smtp2.example.net' },
    'No. smtp2.example.net took the mail for spam. There was 1 try.',
  ],
  [
    'tried in vain, for a cause that is known',
    { status: 'dead', deadReason: 'tries_used_up', retryCount: 3, lastCause: 'greylisted' },
    'No. mx.example.net takes mail from a sender that is new to it at a later try only. All 4 tries are used up.',
  ],
  [
    'too old',
    { status: 'dead', deadReason: 'expired' },
    'No. It could not be sent by <expires> and was given up: after that it would have been too old.',
  ],
  [
    'sent by the second route',
    { status: 'sent', sentAt: 'sent', routeHost: 'smtp2.example.net' },
    'Yes. smtp2.example.net accepted it at <sent>.',
  ],
])('%s', (_name, facts, sentence) => {
  expect(summary(facts)).toBe(sentence)
})

describe('a message that may have been delivered', () => {
  test('is, once sent, a Yes with a possible second copy', () => {
    expect(flagged({ status: 'sent', sentAt: 'sent' })).toBe(
      'Yes, mx.example.net accepted it at <sent>; a second copy is possible.',
    )
  })

  const unsure: [string, Partial<MessageFacts>][] = [
    ['queued', {}],
    ['waiting for Kafka', { waitingForKafkaSince: 'kafka' }],
    ['sending', { status: 'sending' }],
    ['retrying', { status: 'retrying', retryCount: 1, lastReply: 'Connection closed' }],
    ['retrying after a reply', { status: 'retrying', retryCount: 1, lastReply: later }],
    ['cancelled', { status: 'cancelled', closedAt: 'closed' }],
    ...deadReasons.map((deadReason): [string, Partial<MessageFacts>] => [
      `dead: ${deadReason}`,
      { status: 'dead', deadReason, lastReply: gone },
    ]),
  ]
  test.each(unsure)('is never called a No while nobody can know: %s', (_name, facts) => {
    expect(flagged(facts)).toMatch(/^We cannot be sure\. [A-Z\d]/)
  })

  test('names what came of the last try beside the doubt of an earlier one', () => {
    expect(flagged({ status: 'dead', deadReason: 'refused', retryCount: 1, lastReply: gone })).toBe(
      'We cannot be sure. An earlier try may have been delivered. mx.example.net refused it: the mailbox does not exist. There were 2 tries.',
    )
    expect(flagged({ status: 'retrying', retryCount: 2, lastReply: 'Timeout', lastCause: 'no_reply' })).toBe(
      'We cannot be sure. An earlier try may have been delivered. mx.example.net did not answer in time. Try 3 of 4 is due at <due>.',
    )
    expect(flagged({ status: 'retrying', retryCount: 2, lastReply: later })).toBe(
      'We cannot be sure. An earlier try may have been delivered. mx.example.net asked us to come back later. Try 3 of 4 is due at <due>.',
    )
  })
})

test('a delay adds nothing to the doubt and takes nothing away', () => {
  expect(flagged({ status: 'retrying', retryCount: 1, lastCause: 'lost_after_dot', delayedSince: 'fault' })).toBe(
    'We cannot be sure. The line broke after the mail had left and before the reply came. Delayed since <fault> by a fault of ours.',
  )
  expect(flagged({ lastCause: 'lost_after_dot' })).toBe(
    'We cannot be sure. An earlier try may have been delivered; it is being sent again, and a second copy is possible.',
  )
  expect(flagged({ delayedSince: 'fault' })).toBe(
    'We cannot be sure. A worker was lost while it sent this mail; it goes out again when mail flows, and a second copy is possible.',
  )
})

const replies = [null, later, gone, '554', '550-5.1.1 gone\n550 5.1.1 gone', 'read ECONNRESET', '']
const allFacts = statuses.flatMap((status) =>
  [null, ...deadReasons].flatMap((deadReason) =>
    replies.flatMap((lastReply) =>
      [0, 3].flatMap((retryCount) =>
        [false, true].flatMap((yes) =>
          [null, 'since'].map((since) => ({
            ...queued,
            status,
            deadReason,
            lastReply,
            retryCount,
            mayHaveBeenDelivered: yes,
            dueLater: yes,
            waitingForKafkaSince: since,
            delayedSince: yes ? null : since,
            suppressedSince: since,
          })),
        ),
      ),
    ),
  ),
)

/** One or more whole sentences, without a hole where a value was missing. */
const plain = /^[A-Z].*[.]$/s
const holes = /undefined|null|NaN|\[object|[.]{2}| {2}| [.,;:]|_/

/** Nobody can know more than that the server accepted it. */
const claims = (sentence: string) =>
  sentence.replaceAll('may have been delivered', '').match(/deliver|\bread\b|received/i)

test('whatever becomes of a mail that is held or pretended, its answer is plain and never a Yes', () => {
  for (const facts of allFacts) {
    for (const delivery of ['held', 'pretend'] as const) {
      if (delivery === 'held' && facts.status !== 'queued') continue
      const sentence = summarise({ ...facts, delivery }, words)
      expect(sentence).toMatch(plain)
      expect(sentence).not.toMatch(holes)
      expect(sentence).toMatch(/^(Not yet|No|We cannot be sure|Not sent)[.,:] /)
      expect(sentence).not.toContain('accepted it')
      expect(claims(sentence)).toBeNull()
    }
  }
})

test('every message has a plain answer that claims no more than the server said', () => {
  for (const facts of allFacts) {
    const sentence = summarise(facts, words)
    expect(sentence).toMatch(plain)
    expect(sentence).not.toMatch(holes)
    expect(sentence).toMatch(/^(Yes|Not yet|No|We cannot be sure|Not sent)[.,:] /)
    expect(claims(sentence)).toBeNull()
    expect(sentence.startsWith('Yes')).toBe(facts.status === 'sent')
  }
})

const bareFacts = allFacts.filter(({ lastReply, retryCount }) => lastReply === null && retryCount === 0)
test.each(causes)('%s gives a plain answer that claims no more than the server said', (lastCause) => {
  for (const facts of bareFacts) {
    const said = summarise({ ...facts, lastCause }, words)
    expect(said).toMatch(plain)
    expect(said).not.toMatch(holes)
    expect(said).toMatch(/^(Yes|Not yet|No|We cannot be sure|Not sent)[.,:] /)
    expect(claims(said)).toBeNull()
  }
})

test.each([
  [gone, 'the mailbox does not exist'],
  ['550-5.1.1 first line\n550 5.1.1 second', 'the mailbox does not exist'],
  ['550 5.1.2 x', 'the part after the @ does not exist'],
  ['552 5.2.2 x', 'their mailbox is full'],
  ['452 4.2.2 x', 'their mailbox is full'],
  ['552 5.3.4 x', 'the mail is too big for it'],
  // No more is claimed than was said.
  ['550 5.7.1 x', 'it answered 550'],
  ['550 User unknown', 'it answered 550'],
  ['Connection closed', null],
  ['', null],
  [null, null],
])('the reply %j means: %j', (reply, means) => {
  expect(meaning(reply)).toBe(means)
})

const told = (event: MessageEventKind, detail: EventDetail = {}) => {
  const { sentence, detail: second, tone } = tell({ at: 'at', event, detail }, words)
  return [sentence, second, tone]
}

describe('the story', () => {
  const place = { partition: 3, offset: 17 }

  test.each<[MessageEventKind, EventDetail, (string | null)[]]>([
    ['accepted', { by: 'Maya' }, ['Maya asked for this mail', 'Saved, and from here on never lost', 'fact']],
    [
      'kafka_unreachable',
      {},
      ['Kafka could not be reached', 'It waits, and is handed over as soon as Kafka is back', 'wait'],
    ],
    [
      'sending',
      { attempt: 2, ...place },
      ['Try 2: being handed to mx.example.net', 'Kafka partition 3, offset 17', 'now'],
    ],
    [
      'sent',
      { attempt: 1, ms: 7, ...place },
      ['mx.example.net accepted it', 'Try 1, Kafka partition 3, offset 17, 7 ms', 'good'],
    ],
    [
      'try_failed',
      { attempt: 1, reply: later, stage: 'envelope', dueAt: 'due' },
      ['Try 1: asked to come back later', 'The next try is due at <due>', 'wait'],
    ],
    [
      'try_failed',
      { attempt: 1, reply: '535 no', stage: 'connect', dueAt: 'due' },
      ['Try 1: mx.example.net turned us away: it answered 535', 'The next try is due at <due>', 'wait'],
    ],
    [
      'try_failed',
      { attempt: 1, reply: 'Connection closed', flagged: true, dueAt: 'due' },
      ['Try 1: the line broke after the mail had left', 'The next try is due at <due>', 'unsure'],
    ],
    [
      'dead',
      { attempt: 1, reply: gone, stage: 'envelope' },
      ['Try 1: mx.example.net refused it: the mailbox does not exist', 'Given up; a notice is on email-dlq', 'stop'],
    ],
    [
      'dead',
      { attempt: 1, stage: 'render' },
      ['Try 1: the mail could not be made from its template', 'Given up; a notice is on email-dlq', 'stop'],
    ],
    [
      'dead',
      { attempt: 4, reply: 'Connection closed', flagged: true },
      ['Try 4: the line broke after the mail had left', 'Given up; a notice is on email-dlq', 'unsure'],
    ],
    ['released', {}, ['Given back before it was sent', 'The worker was stopping; no try was used', 'fact']],
    [
      'worker_lost',
      {},
      ['The worker was lost while it sent this mail', 'It is sent again; a second copy is possible', 'unsure'],
    ],
    [
      'worker_lost',
      { reason: 'crash_loop' },
      ['The worker was lost while it sent this mail', 'Given up: it has happened too often', 'unsure'],
    ],
    [
      'proven_sent',
      {},
      ['mx.example.net had accepted it after all', 'The proof came late; nothing more is sent', 'good'],
    ],
    ['cancelled', { by: 'Maya', reason: 'asked twice' }, ['Cancelled by Maya', 'asked twice', 'calm']],
    [
      'accepted',
      { source: 'kafka', ...place },
      ['Another service put this mail on the Kafka topic', 'Saved, and from here on never lost', 'fact'],
    ],
    [
      'accepted',
      { by: 'Maya', otherId: 'x' },
      ['Maya asked for this mail to be sent again', 'Saved, and from here on never lost', 'fact'],
    ],
    [
      'sent',
      { attempt: 1, route: 'fallback', host: 'smtp2.example.net', ms: 7, ...place },
      ['smtp2.example.net accepted it', 'Try 1, by the second route, Kafka partition 3, offset 17, 7 ms', 'good'],
    ],
    ['sent', { attempt: 1, route: 'primary', host: 'mx.example.net' }, ['mx.example.net accepted it', 'Try 1', 'good']],
    [
      'proven_sent',
      { route: 'fallback', host: 'smtp2.example.net' },
      ['smtp2.example.net had accepted it after all', 'The proof came late; nothing more is sent', 'good'],
    ],
    [
      'try_failed',
      { attempt: 1, reply: '552 5.2.2 x', stage: 'envelope', cause: 'mailbox_full', dueAt: 'due' },
      ['Try 1: mx.example.net says their mailbox is full', 'The next try is due at <due>', 'wait'],
    ],
    [
      'try_failed',
      { attempt: 1, cause: 'no_reply', route: 'fallback', host: 'smtp2.example.net', dueAt: 'due' },
      ['Try 1: smtp2.example.net did not answer in time', 'By the second route; the next try is due at <due>', 'wait'],
    ],
    [
      'dead',
      { attempt: 2, reply: gone, stage: 'envelope', cause: 'mailbox_unknown' },
      ['Try 2: mx.example.net says the mailbox does not exist', 'Given up; a notice is on email-dlq', 'stop'],
    ],
    [
      'dead',
      { attempt: 1, reply: gone, stage: 'envelope', cause: 'mailbox_unknown', listed: true },
      [
        'Try 1: mx.example.net says the mailbox does not exist',
        'Given up, and the address is on the suppression list now; a notice is on email-dlq',
        'stop',
      ],
    ],
    [
      'dead',
      { attempt: 1, reason: 'expired' },
      ['It could not be sent in time, and is too old now', 'Given up; a notice is on email-dlq', 'stop'],
    ],
    [
      'accepted',
      { by: 'Maya', delivery: 'held' },
      [
        'Maya asked for this mail',
        'Saved, and from here on never lost; held until staff release it, because the address is not on the guest list',
        'fact',
      ],
    ],
    [
      'accepted',
      { by: 'Maya', delivery: 'pretend' },
      ['Maya asked for this mail', 'Saved, and from here on never lost; it is only pretended, and never sent', 'fact'],
    ],
    ['let_go', { by: 'Maya' }, ['Released by Maya', 'It is sent like any other mail', 'fact']],
    ['pretended', {}, ['Only pretended: the mail was made, and not sent', 'No mail server has seen it', 'calm']],
    [
      'delayed',
      { cause: 'server_unreachable' },
      ['Given back: the mail server does not accept connections', 'It keeps its place; no try was used', 'wait'],
    ],
    [
      'delayed',
      { cause: 'quota_used_up', route: 'fallback', host: 'smtp2.example.net' },
      ['Given back: our sending allowance is used up', 'It keeps its place; no try was used', 'wait'],
    ],
    [
      'delayed',
      { reason: 'unknown_template' },
      ['Given back: only a newer worker knows its template', 'It keeps its place; no try was used', 'wait'],
    ],
    [
      'delayed',
      { reason: 'unknown_key' },
      [
        'Given back: this worker does not hold the key that its secret is sealed with; check SECRETS_KEYS',
        'It keeps its place; no try was used',
        'wait',
      ],
    ],
    ['delayed', {}, ['Given back: sending is paused', 'It keeps its place; no try was used', 'wait']],
    [
      'suppressed',
      { reason: 'hard_bounce', since: 'bounce' },
      [
        'Not sent: this address is on the suppression list',
        'A mail server had said that nobody can be reached there; on it since <day of bounce>',
        'calm',
      ],
    ],
    [
      'suppressed',
      { reason: 'manual', since: 'then' },
      ['Not sent: this address is on the suppression list', 'Entered by staff; on it since <day of then>', 'calm'],
    ],
    [
      'suppressed',
      { reason: 'asked us to stop' },
      ['Not sent: this address is on the suppression list', 'Asked us to stop', 'calm'],
    ],
    ['retried', { by: 'Maya' }, ['Put back by Maya', 'With all its tries again', 'fact']],
    ['resent', { by: 'Maya', otherId: 'x' }, ['Sent again by Maya', 'As a new message', 'fact']],
  ])('%s %j', (event, detail, expected) => {
    expect(told(event, detail)).toEqual(expected)
  })

  const events: MessageEventKind[] = [
    'accepted',
    'kafka_unreachable',
    'sending',
    'sent',
    'try_failed',
    'dead',
    'released',
    'worker_lost',
    'proven_sent',
    'cancelled',
    'delayed',
    'suppressed',
    'retried',
    'resent',
  ]
  test('is whole for rows that an older version wrote, without any detail', () => {
    for (const event of events) {
      const { sentence, detail } = tell({ at: 'at', event, detail: {} }, words)
      expect(sentence).toMatch(/^[a-zA-Z]/)
      for (const line of [sentence, detail ?? '']) {
        expect(line).not.toMatch(holes)
        expect(claims(line)).toBeNull()
      }
    }
  })

  test('carries the instant and the reply as they came', () => {
    const entry = tell({ at: '2026-11-23T14:02:00Z', event: 'dead', detail: { reply: gone } }, words)
    expect(entry).toMatchObject({ at: '2026-11-23T14:02:00Z', event: 'dead', reply: gone })
  })
})
