import { expect, test } from 'vitest'
import { safeReturnPath, signInProblem, signInSentence } from './sign-in'

const origin = 'http://localhost:3005'

test.each([
  'https://evil.example/support',
  '//evil.example/support',
  String.raw`\\evil.example/support`,
  'https:evil.example',
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
])('goes on to %s', (wanted, path) => {
  expect(safeReturnPath(wanted, origin)).toBe(path)
})

test('an account holder is told who may come in, word for word', () => {
  expect(signInProblem({ url: `${origin}/api/auth/error?error=not_staff` })).toBe(
    'Access denied. Only administrators and support staff can access this dashboard.',
  )
})

test('an accepted sign-in has no problem, a stale page has one', () => {
  expect(signInProblem({ url: `${origin}/support/users?page=2` })).toBeNull()
  expect(signInProblem({ url: `${origin}/api/auth/signin?csrf=true` })).toBe(signInSentence('unavailable'))
})

test('a made-up code says nothing that the caller made up', () => {
  expect(signInSentence('<b>you won</b>')).toBe(signInSentence('unavailable'))
  expect(signInSentence('toString')).toBe(signInSentence('unavailable'))
})
