import { describe, expect, test } from 'vitest'
import {
  createUserRequest,
  editUserRequest,
  faultsByField,
  listMessagesQuery,
  listUsersQuery,
  plainWords,
  sendMessageRequest,
} from './requests'
import type { z } from 'zod'

const john = { first_name: 'John', last_name: 'Doe', email: 'john.doe@example.com' }

const isTaken = (password: string) => !('password' in faults(createUserRequest, { ...john, password }))

function faults(schema: z.ZodType, value: unknown): Record<string, string> {
  const result = schema.safeParse(value, { error: plainWords })
  return result.success ? {} : faultsByField(result.error)
}

describe('a request to create a user', () => {
  test('needs names and an address; the rest has a standard', () => {
    expect(createUserRequest.parse(john)).toEqual({ ...john, role: 'user', welcome: true })
    expect(faults(createUserRequest, {})).toEqual({
      first_name: 'This field is needed.',
      last_name: 'This field is needed.',
      email: 'An address is needed.',
    })
  })

  test('names each field that is not known', () => {
    expect(faults(createUserRequest, { ...john, id: 1, password_hash: 'x' })).toEqual({
      id: 'This field is not known.',
      password_hash: 'This field is not known.',
    })
  })

  test.each([
    'John\r\nBcc: x@example.com',
    'John\n',
    'Jo\0hn',
    'Jo\u2028hn',
    ' ',
    '',
    '\u200B',
    '\u00A0\u2060',
    '\u3164',
    '\u2800',
    '\u0301',
  ])('refuses the name %j', (name) => {
    expect(Object.keys(faults(createUserRequest, { ...john, first_name: name }))).toEqual(['first_name'])
  })

  test.each([
    'a@example.com, b@example.com',
    'a@example.com\r\nBcc: b@example.com',
    'a b@example.com',
    'a@b',
    '<a@example.com>',
    'a＠example.com',
  ])('refuses the address %j', (email) => {
    expect(Object.keys(faults(createUserRequest, { ...john, email }))).toEqual(['email'])
  })

  test.each(['\u202A', '\u202B', '\u202C', '\u202D', '\u202E', '\u2066', '\u2067', '\u2068', '\u2069'])(
    'refuses the direction control %j in a name',
    (control) => {
      expect(faults(createUserRequest, { ...john, last_name: `D${control}oe` })).toEqual({
        last_name: 'This holds a hidden character that changes the direction of writing.',
      })
    },
  )

  test.each(["O'Neil", 'Zoë', 'Zoe\u0308', 'Олена', '林', 'علي', 'ক্ষ', '👩\u200D🚀', 'می\u200Cخواهم', '1'])(
    'takes the name %s',
    (name) => expect(faults(createUserRequest, { ...john, first_name: name })).toEqual({}),
  )

  test.each([
    ['securepass\nword', 'A password has no control characters, such as a line break.'],
    ['securepass\u0007', 'A password has no control characters, such as a line break.'],
    ['          ', 'A password needs more than blanks.'],
    ['\u00A0\u2003\u3000     ', 'A password needs more than blanks.'],
  ])('refuses the password %j', (password, fault) => {
    expect(faults(createUserRequest, { ...john, password })).toEqual({ password: fault })
  })

  test('takes blanks inside a password, and at its ends', () => {
    expect(createUserRequest.parse({ ...john, password: ' correct horse ' }).password).toBe(' correct horse ')
  })

  test('takes passwords from 8 to 128 characters', () => {
    const refused = [7, 8, 128, 129].filter(
      (length) => 'password' in faults(createUserRequest, { ...john, password: 'p'.repeat(length) }),
    )
    expect(refused).toEqual([7, 129])
  })

  test('counts what people see as one character once, and refuses more than 128 bytes instead of cutting', () => {
    expect([isTaken('😀'.repeat(7)), isTaken('😀'.repeat(8))]).toEqual([false, true])
    expect([isTaken('ü'.repeat(64)), isTaken('ü'.repeat(65))]).toEqual([true, false])
    expect([isTaken('😀'.repeat(32)), isTaken('😀'.repeat(33))]).toEqual([true, false])
  })

  test('asks for no capitals, digits or signs in a password', () => {
    for (const password of ['onlylettershere', '7249173058', 'ЛИШЕВЕЛИКІ']) {
      expect(faults(createUserRequest, { ...john, password })).toEqual({})
    }
  })

  test('says which roles there are', () => {
    expect(faults(createUserRequest, { ...john, role: 'boss' })).toEqual({
      role: 'This must be one of: user, supporter, admin, super_admin.',
    })
  })
})

describe('a request to edit a user', () => {
  test('takes any of five fields, each alone', () => {
    for (const request of [
      { first_name: 'Ann' },
      { last_name: 'Doe' },
      { email: 'ann@example.com' },
      { role: 'admin' },
      { status: 'disabled' },
    ]) {
      expect(editUserRequest.parse(request)).toEqual(request)
    }
  })

  test.each(['id', 'password', 'password_hash', 'session_version', 'must_change_password', 'created_at'])(
    'refuses the field %s',
    (name) =>
      expect(faults(editUserRequest, { first_name: 'Ann', [name]: 1 })).toEqual({ [name]: 'This field is not known.' }),
  )

  test('wants something to change, and nothing made empty', () => {
    expect(faults(editUserRequest, {})).toEqual({ body: 'There is nothing to change in this request.' })
    expect(Object.keys(faults(editUserRequest, { first_name: ' ', email: '', role: null, status: 'gone' }))).toEqual([
      'first_name',
      'email',
      'role',
      'status',
    ])
  })
})

describe('a request to send a message', () => {
  const plain = { to: 'a@example.com', subject: 'Hello', message: 'Text' }

  test('in plain text needs a subject and the text', () => {
    expect(faults(sendMessageRequest, plain)).toEqual({})
    expect(faults(sendMessageRequest, { to: 'a@example.com' })).toEqual({
      subject: 'This field is needed.',
      message: 'This field is needed.',
    })
  })

  test.each([
    ['2026-12-24T18:00:00Z', '2026-12-24T18:00:00.000Z'],
    ['2026-12-24T18:00:00.25+01:00', '2026-12-24T17:00:00.250Z'],
    ['2026-12-31T23:30:00-23:59', '2027-01-01T23:29:00.000Z'],
  ])('may name a time: %s', (given, utc) => {
    expect(sendMessageRequest.parse({ ...plain, send_at: given }).send_at).toBe(utc)
  })

  test.each([
    '2026-12-24T18:00:00',
    '2026-12-24',
    'tomorrow',
    '2026-02-30T18:00:00Z',
    '0000-01-01T00:00:00+23:59',
    '9999-12-31T23:59:59-23:59',
    1_800_000_000,
    null,
    '',
  ])('refuses %j as a time', (given) => {
    expect(Object.keys(faults(sendMessageRequest, { ...plain, send_at: given }))).toEqual(['send_at'])
  })

  test('says what shall happen when nobody knows whether it arrived', () => {
    expect(faults(sendMessageRequest, { ...plain, on_ambiguous: 'hold' })).toEqual({})
    expect(faults(sendMessageRequest, { ...plain, on_ambiguous: 'twice' })).toEqual({
      on_ambiguous: 'This must be one of: retry, hold.',
    })
  })

  test('takes no text beside a template that has its own', () => {
    expect(Object.keys(faults(sendMessageRequest, { to: 'a@example.com', template: 'welcome', message: 'x' }))).toEqual(
      ['message'],
    )
  })

  test('refuses a line break in the subject', () => {
    expect(Object.keys(faults(sendMessageRequest, { ...plain, subject: 'Hi\r\nBcc: b@example.com' }))).toEqual([
      'subject',
    ])
  })
})

test('a subject is read as it is written', () => {
  for (const subject of ['Your parcel \u202Efdp.exe', '\u200B'])
    expect(Object.keys(faults(sendMessageRequest, { to: 'a@example.com', subject, message: 'x' }))).toEqual(['subject'])
})

describe('what a list is asked for', () => {
  test('has standards', () => {
    expect(listUsersQuery.parse({})).toEqual({ page: 1, page_size: 10, sort_by: 'created_at', sort_order: 'desc' })
  })

  test.each([
    { page: '0' },
    { page: '-1' },
    { page: 'x' },
    { page: '1.5' },
    { page_size: '0' },
    { page_size: '101' },
    { sort_by: 'password_hash' },
    { sort_order: 'up' },
    { role: 'boss' },
    { page: ['1', '2'] },
  ])('refuses %j', (query) => {
    expect(Object.keys(faults(listUsersQuery, query))).toEqual(Object.keys(query))
  })

  test('may name several statuses in both usual ways', () => {
    const several = ['queued', 'sending']
    expect(listMessagesQuery.parse({ status: 'queued,sending' }).status).toEqual(several)
    expect(listMessagesQuery.parse({ status: several }).status).toEqual(several)
    expect(Object.keys(faults(listMessagesQuery, { status: 'queued,lost' }))).toEqual(['status.1'])
  })
})
