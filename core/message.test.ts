import { describe, expect, test } from 'vitest'
import { recordSchema, toEnvelope } from './envelope'
import { isFinal, looksSensitive, messageIdHeader, priorities, priorityOfRank, priorityRank, statuses } from './message'

const originalBody =
  'Hello John Doe,\n\nYour account has been successfully created!\n\nAccount Details:\nRole: User\nLogin URL: http://localhost:3000\nEmail: john.doe@example.com\nPassword: securepassword123\n\nBest regards,\nThe Usual Store Team'

const originalRecord = {
  type: 'notification',
  message: {
    id: 'b7ae53a1-0942-40ef-a76a-250cdb340327',
    from: 'noreply@usualstore.com',
    to: 'john.doe@example.com',
    subject: 'Welcome to Usual Store - Your User Account',
    template: 'plain',
    data: { body: 'Hello John Doe,\n\nYour account has been successfully created!...' },
    priority: 'normal',
    timestamp: '2025-12-26T13:25:35Z',
    retry_count: 0,
    max_retries: 3,
    status: 'pending',
  },
}

describe('a body that names a password', () => {
  test.each([
    originalBody,
    originalBody.replaceAll('\n', '\r\n'),
    'Password: x',
    'password:x',
    'PASSWORD = x',
    '  Password:\tx',
    '\u00a0Password: x',
    'Temporary password: x',
    'Your passcode: 1234',
    'Your new password: x',
    'Initial login password: x',
    'Your password is x',
    '- Password: x',
    '• Password: x',
    '> Password: x',
    '**Password:** x',
    '<b>Password:</b> x',
    'Email: a@example.com, Password: x',
    'Pass: x',
    'PWD: x',
    'Пароль: x',
    'Password：x',
    'Kennwort: geheim',
    'Password:\nx',
  ])('is sensitive: %j', (body) => expect(looksSensitive(body)).toBe(true))

  test.each([
    'Hello! Your account has been created.',
    'Please choose a password.',
    'Password:',
    'Forgot your password? Ask us.',
    'Passwords: never shared',
    'Your password is',
    'A compass: north',
    'My cat: password',
    '',
  ])('is not one that only speaks of passwords: %j', (body) => expect(looksSensitive(body)).toBe(false))

  test.each(['\n', '\r', '\r\n', '\u2028', ' ', '\t', 'a', 'a ', 'password', 'password ', 'a\n'])(
    'is found or not at once, in 200 000 characters of %j too',
    (part) => {
      const startedAt = performance.now()
      looksSensitive(part.repeat(200_000 / part.length))
      expect(performance.now() - startedAt).toBeLessThan(1_000)
    },
  )
})

test('the Message-ID is made of the id and the domain that sends, so every try carries the same', () => {
  expect(messageIdHeader('b7ae53a1-0942-40ef-a76a-250cdb340327', 'noreply@usualstore.com')).toBe(
    '<b7ae53a1-0942-40ef-a76a-250cdb340327@usualstore.com>',
  )
})

describe('the envelope', () => {
  test('of the original is read as it is', () => {
    expect(recordSchema.parse(originalRecord)).toEqual(originalRecord)
  })

  test('of ours is the original’s, in its names and order', () => {
    const ours = toEnvelope({
      id: originalRecord.message.id,
      type: 'notification',
      template: 'plain',
      from: originalRecord.message.from,
      to: originalRecord.message.to,
      subject: originalRecord.message.subject,
      data: originalRecord.message.data,
      priority: 'normal',
      createdAt: originalRecord.message.timestamp,
      retryCount: 0,
      maxRetries: 3,
      status: 'pending',
    })
    expect(JSON.stringify(ours)).toBe(JSON.stringify(originalRecord))
  })

  const wrong: [string, unknown][] = [
    ['type', { ...originalRecord, type: 'advert' }],
    ['message', { type: 'notification' }],
    ...Object.entries({
      id: 'b7ae53a1',
      to: ['a@example.com'],
      data: 'Hello',
      priority: 'urgent',
      timestamp: 'yesterday',
      retry_count: -1,
      max_retries: 0,
      status: null,
    }).map(([field, value]): [string, unknown] => [
      field,
      { ...originalRecord, message: { ...originalRecord.message, [field]: value } },
    ]),
  ]
  test.each(wrong)('is not read with a wrong %s', (_field, record) => {
    expect(recordSchema.safeParse(record).success).toBe(false)
  })

  test('may carry the fractions and the offset that Go writes', () => {
    for (const timestamp of ['2025-12-26T13:25:35.123456789Z', '2025-12-26T14:25:35+01:00'])
      expect(
        recordSchema.safeParse({ ...originalRecord, message: { ...originalRecord.message, timestamp } }).success,
      ).toBe(true)
  })
})

test('nothing more happens by itself to what was sent, given up, cancelled or suppressed', () => {
  expect(statuses.filter(isFinal)).toEqual(['sent', 'dead', 'cancelled', 'suppressed'])
})

test('priorities order as numbers, and a number nobody knows is normal', () => {
  expect(priorities.map(priorityRank)).toEqual([0, 1, 2])
  expect(priorities.map((priority) => priorityOfRank(priorityRank(priority)))).toEqual(priorities)
  expect(priorityOfRank(9)).toBe('normal')
})
