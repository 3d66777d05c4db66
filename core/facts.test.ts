import { expect, test } from 'vitest'
import { differences, type Facts } from './facts'

const own: Facts = {
  version: '1.0.0',
  envelopeVersion: 1,
  topic: 'email-notifications',
  dlqTopic: 'email-dlq',
  groupId: 'messaging-service-group',
  templates: ['plain', 'welcome'],
  holdMs: 60_000,
  maxRetries: 3,
  smtpHost: 'smtp.example.net',
  deliveryMode: 'guest_list',
  guestList: 'ffffffff',
  signingKeys: ['aaaaaaaa', 'bbbbbbbb'],
  secretsKeys: ['cccccccc'],
}
const other = (facts: Partial<Facts>, kind: 'web' | 'worker' = 'worker') =>
  differences(own, [{ name: 'other', kind, facts: { ...own, ...facts } }])

test.each<[string, Partial<Facts>, 'web' | 'worker']>([
  ['the same settings', {}, 'worker'],
  ['another version of the program', { version: '2.0.0' }, 'worker'],
  ['a key of ours that we use no longer', { signingKeys: ['bbbbbbbb', 'aaaaaaaa'] }, 'web'],
  ['a second key that is not in use yet', { signingKeys: ['aaaaaaaa', 'eeeeeeee'] }, 'web'],
  ['no holds', { holdMs: null }, 'web'],
  ['fewer templates', { templates: ['plain'] }, 'web'],
  ['a worker that knows more templates: it queues none', { templates: ['plain', 'welcome', 'order'] }, 'worker'],
  ['one that does not say its mail server yet', { smtpHost: undefined }, 'worker'],
  ['one that does not say its mode yet', { deliveryMode: undefined, guestList: undefined }, 'worker'],
  ['an older envelope', { envelopeVersion: 0 }, 'web'],
])('%s differ in nothing that matters', (_what, facts, kind) => {
  expect(other(facts, kind)).toEqual([])
})

test.each<[Partial<Facts>, 'web' | 'worker', string]>([
  [{ topic: 'mail' }, 'web', 'other has KAFKA_TOPIC mail, and this worker has email-notifications.'],
  [{ dlqTopic: 'dead' }, 'worker', 'other has KAFKA_DLQ_TOPIC dead, and this worker has email-dlq.'],
  [{ groupId: 'g' }, 'worker', 'other has KAFKA_GROUP_ID g, and this worker has messaging-service-group.'],
  [{ maxRetries: 5 }, 'web', 'other has MAX_RETRIES 5, and this worker has 3.'],
  [{ smtpHost: 'mx' }, 'worker', 'other has SMTP_HOST mx, and this worker has smtp.example.net.'],
  [{ deliveryMode: 'live' }, 'web', 'other has DELIVERY_MODE live, and this worker has guest_list.'],
  [{ guestList: 'eeeeeeee' }, 'web', 'other has another DELIVERY_GUEST_LIST than this worker.'],
  [{ holdMs: 15_000 }, 'worker', 'other has HOLD_MS 15000, and this worker has 60000.'],
  [
    { envelopeVersion: 2 },
    'web',
    'other writes records of the envelope version 2, which this worker does not read: they are left for a newer one.',
  ],
  [
    { signingKeys: ['eeeeeeee', 'aaaaaaaa'] },
    'web',
    'other signs with a key that this worker does not hold: its records are kept aside here. Add it to SIGNING_KEYS.',
  ],
  [
    { secretsKeys: ['eeeeeeee'] },
    'web',
    'other seals with a key that this worker does not hold: such mail cannot be opened here. Add it to SECRETS_KEYS.',
  ],
  [
    { templates: ['plain', 'order', 'invoice'] },
    'web',
    'other may queue mail in the templates order, invoice, which this worker does not know: it is left for a newer one.',
  ],
])('%o of a %s is said in a sentence', (facts, kind, sentence) => {
  expect(other(facts, kind)).toEqual([sentence])
})

test('facts of a version that wrote others are not guessed at', () => {
  expect(differences(own, [{ name: 'old', kind: 'web', facts: { topic: 7 } }])).toEqual([
    'old is of a version whose settings cannot be compared with ours.',
  ])
})
