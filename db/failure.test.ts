import { expect, test } from 'vitest'
import { isDatabaseAway, violatesUnique, withoutParameters } from './failure'

const wrapped = (fields: object) =>
  new Error('Failed query: select\nparams: secret', { cause: Object.assign(new Error('cause'), fields) })

test.each([
  '57P01',
  '57P03',
  '53100',
  '53300',
  '08006',
  '57014',
  'ECONNREFUSED',
  'CONNECT_TIMEOUT',
  'QUERY_TIMEOUT',
  'CONNECTION_CLOSED',
  '55P03',
  '25P03',
])('%s means away', (code) => {
  expect(isDatabaseAway(wrapped({ code }))).toBe(true)
})

test.each(['23505', '42P01', '22021'])('%s is our own fault', (code) => {
  expect(isDatabaseAway(wrapped({ code }))).toBe(false)
})

test('a violated constraint is told by its name', () => {
  expect(violatesUnique(wrapped({ code: '23505', constraint_name: 'users_email_key' }), 'users_email_key')).toBe(true)
  expect(violatesUnique(wrapped({ code: '23505', constraint_name: 'other' }), 'users_email_key')).toBe(false)
})

test('the log never sees the parameters of a query', () => {
  expect(String(withoutParameters(wrapped({ code: '42P01' })))).not.toContain('secret')
})
