import { describe, expect, test } from 'vitest'
import { isMostlyKnown, knownWords } from './password-words'

const words = knownWords({ firstName: 'Zoë', lastName: 'Van Sample', email: 'zoe.v+shop@desk.example.com' })

test('the words of a person are their name and the parts of their address, without accents; and ours', () => {
  for (const word of [
    'zoe',
    'van sample',
    'sample',
    'zoe.v+shop',
    'shop',
    'desk',
    'usualstore',
    'supporter',
    'super_admin',
  ]) {
    expect(words).toContain(word)
  }
  expect(words.filter((word) => word.length < 3)).toEqual([])
})

describe('little more than a known word', () => {
  test.each([
    'usualstore',
    'UsualStore2026!',
    'usual-store-1',
    'U5ualSt0re!!',
    'administrator',
    '4dm1n-4dm1n',
    'supporter1',
    'super_admin!',
    'SampleZoe99',
    'zoë-zoë-zoë',
    'zoe.v+shop123',
    'desk.example1',
  ])('%s', (password) => {
    expect(isMostlyKnown(password, words)).toBe(true)
  })
})

describe('a password of their own', () => {
  test.each([
    'securepassword123',
    'testpass123',
    'correct horse battery staple',
    'the usual horse in my store',
    'zoe likes blue herons',
    'admin-83720194756',
    'k3yb0ard-cat',
  ])('%s', (password) => {
    expect(isMostlyKnown(password, words)).toBe(false)
  })

  test('testpass123 stays one for somebody called Test, as in the original', () => {
    const test = knownWords({ firstName: 'Test', lastName: 'User', email: 'test@example.com' })
    expect(isMostlyKnown('testpass123', test)).toBe(false)
    const john = knownWords({ firstName: 'John', lastName: 'Doe', email: 'john.doe@example.com' })
    expect(isMostlyKnown('securepassword123', john)).toBe(false)
  })
})
