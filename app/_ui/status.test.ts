import { expect, test } from 'vitest'
import { shownStatus } from './status'

const message = { status: 'queued', may_have_been_delivered: false, delivery: 'send' } as const

test('a chip tells what is held and what was pretended from what waits and what was accepted', () => {
  expect(shownStatus(message)).toBe('queued')
  expect(shownStatus({ ...message, delivery: 'held' })).toBe('held')
  expect(shownStatus({ ...message, delivery: 'held', status: 'cancelled' })).toBe('cancelled')
  expect(shownStatus({ ...message, delivery: 'pretend' })).toBe('queued')
  expect(shownStatus({ ...message, delivery: 'pretend', status: 'sent' })).toBe('pretended')
  expect(shownStatus({ ...message, delivery: 'pretend', status: 'sent', may_have_been_delivered: true })).toBe(
    'may_have_been_delivered',
  )
  expect(shownStatus({ ...message, status: 'sent', may_have_been_delivered: true })).toBe('sent')
})
