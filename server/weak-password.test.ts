import { describe, expect, test } from 'vitest'
import { refuseWeakPassword } from './weak-password'

const john = { firstName: 'John', lastName: 'Doe', email: 'john.doe@example.com' }
const refusalOf = (password: string, person = john): string | null => {
  try {
    refuseWeakPassword(password, person)
    return null
  } catch (error) {
    return (error as { fields: Record<string, string> }).fields['password'] ?? 'no field'
  }
}

describe('refused', () => {
  test.each(['password', 'Password1', '12345678', 'qwerty12', 'iloveyou1', 'P@ssw0rd', 'letmein123', 'admin123'])(
    'known from breaches: %s',
    (password) => expect(refusalOf(password)).toContain('many people have it'),
  )
  test.each(['UsualStore2026!', 'john.doe2026', 'JohnDoe!!', 'superadmin99', 'supporter-01'])(
    'names of ours and theirs: %s',
    (password) => expect(refusalOf(password)).toContain('others know of you or of us'),
  )
  test.each(['aaaaaaaa', 'abcdefgh', '98765432'])('a plain pattern: %s', (password) =>
    expect(refusalOf(password)).not.toBeNull(),
  )
})

describe('accepted', () => {
  test.each([
    'securepassword123',
    'testpass123',
    'chosen-password',
    'correct horse battery staple',
    'now it is my own',
    'пароль из слов',
    '一二三四五六七八九十',
  ])('%s', (password) => expect(refusalOf(password)).toBeNull())

  test('testpass123 for somebody called Test User, as the original has it', () => {
    const person = { firstName: 'Test', lastName: 'User', email: 'test.user@example.com' }
    expect(refusalOf('testpass123', person)).toBeNull()
  })

  test('the longest that there is, in no time to speak of', () => {
    const startedAt = performance.now()
    expect(refusalOf('x1y2'.repeat(32))).toBeNull()
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})
