import { expect, test } from 'vitest'
import { safeReturnPath, signInProblem, signInSentence } from './sign-in'

const origin = 'http://localhost:3005'

test.each([
  'https://evil.example/support',
  '//evil.example/support',
  String.raw`\\evil.example/support`,
  'https:evil.example',
  'https:/evil.example/support',
  String.raw`/\evil.example/support`,
  String.raw`\/evil.example/support`,
  '///evil.example/support',
  '/%09/evil.example/support',
  '/\t/evil.example/support',
  '\n//evil.example/support',
  ' //evil.example/support',
  '%2F%2Fevil.example/support',
  '/%2e%2e//evil.example/support',
  '/support/..//evil.example/support',
  'http://localhost:3005@evil.example/support',
  'http://support:x@evil.example/support',
  'http://localhost:3005.evil.example/support',
  'http://localhost:3006/support',
  'https://localhost:3005/support',
  'data:text/html,/support',
  'blob:http://localhost:3005/support',
  'javascript:alert(1)',
  '/api/users',
  '/supporters',
  '/support/login',
  '/support/forgot-password',
  '',
  null,
])('does not go on to %j', (wanted) => {
  expect(safeReturnPath(wanted, origin)).toBe('/support')
})

test.each([
  ['/support/users?page=2', '/support/users?page=2'],
  ['http://localhost:3005/support/messages', '/support/messages'],
  ['/support/../support/users', '/support/users'],
  ['/support//evil.example', '/support//evil.example'],
  // Whoever it names as the reader, it is our own page, and the name is left out.
  ['http://evil.example@localhost:3005/support/users', '/support/users'],
  ['/support/users?next=//evil.example', '/support/users?next=//evil.example'],
])('goes on to %s', (wanted, path) => {
  expect(safeReturnPath(wanted, origin)).toBe(path)
})

test('an account holder is told who may come in, word for word', () => {
  expect(signInProblem({ url: `${origin}/api/auth/error?error=not_staff` })).toEqual({
    code: 'not_staff',
    sentence: 'Access denied. Only administrators and support staff can access this dashboard.',
  })
})

test('an accepted sign-in has no problem, a stale page has one', () => {
  expect(signInProblem({ url: `${origin}/support/users?page=2` })).toBeNull()
  expect(signInProblem({ url: `${origin}/api/auth/signin?csrf=true` })?.sentence).toBe(signInSentence('unavailable'))
})

test('a made-up code says nothing that the caller made up', () => {
  expect(signInSentence('<b>you won</b>')).toBe(signInSentence('unavailable'))
  expect(signInSentence('toString')).toBe(signInSentence('unavailable'))
  expect(signInSentence('wait-99999')).toBe(signInSentence('unavailable'))
})

test('who has to wait is told how long', () => {
  expect(signInProblem({ url: `${origin}/api/auth/error?error=wait-30` })).toEqual({
    code: 'wait-30',
    sentence: 'Too many attempts. Please try again in 30 seconds.',
  })
})
