import { expect, test } from 'vitest'
import { auditActions, auditActorWord, auditWord } from './audit-words'

test('every action reads as words, each differently', () => {
  const words = auditActions.map(auditWord)
  expect(words.filter((word) => !/^[A-Z][a-z][\w ,-]+$/.test(word))).toEqual([])
  expect(new Set(words).size).toBe(words.length)
})

test('an action of another version is shown by its name', () => {
  expect(auditWord('planet.moved')).toBe('planet.moved')
  expect(auditWord('constructor')).toBe('constructor')
})

test('who has no name is told in words', () => {
  expect([auditActorWord('nobody'), auditActorWord('system'), auditActorWord('key:3')]).toEqual([
    'Nobody who was signed in',
    'The system itself',
    'key:3',
  ])
})
