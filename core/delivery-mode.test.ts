import { describe, expect, test } from 'vitest'
import { deliveryBy, modeSentence, strictest, type DeliveryRule } from './delivery-mode'

const live: DeliveryRule = { mode: 'live', guestList: [] }
const trial: DeliveryRule = { mode: 'test', guestList: [] }
const guests = (...guestList: string[]): DeliveryRule => ({ mode: 'guest_list', guestList })

describe('to whom mail goes', () => {
  test.each([
    ['a@example.com', [live], 'send'],
    ['a@example.com', [guests('a@example.com')], 'send'],
    ['A@Example.com', [guests('a@example.COM')], 'send'],
    ['a@example.com', [guests('@example.com')], 'send'],
    ['a@sub.example.com', [guests('@example.com')], 'held'],
    ['a@notexample.com', [guests('@example.com')], 'held'],
    ['ba@example.com', [guests('a@example.com')], 'held'],
    ['a@example.com', [guests()], 'held'],
    ['a@example.com', [trial], 'pretend'],
    // The key and the installation: the stricter one wins, whichever it is.
    ['a@example.com', [guests('@example.com'), live], 'send'],
    ['a@example.com', [guests('@other.com'), guests('@example.com')], 'held'],
    ['a@example.com', [live, guests()], 'held'],
    ['a@example.com', [trial, guests()], 'pretend'],
    ['a@example.com', [guests(), trial], 'pretend'],
  ] as const)('%s by %j: %s', (to, rules, expected) => {
    expect(deliveryBy(to, ...rules)).toBe(expected)
  })

  test('the strictest of none is to send', () => {
    expect([strictest(), strictest('held', 'send'), strictest('held', 'pretend')]).toEqual(['send', 'held', 'pretend'])
  })
})

test('pages say in a sentence when the installation is not live', () => {
  expect(modeSentence(live)).toBeNull()
  expect(modeSentence(trial)).toBe('Test mode: mail is only pretended. None leaves this installation.')
  expect(modeSentence(guests())).toContain('all mail is held')
  expect(modeSentence(guests('a@example.com'))).toContain('the 1 entry of the list')
  expect(modeSentence(guests('a@example.com', '@b.com'))).toContain('the 2 entries of the list')
})
