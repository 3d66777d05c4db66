import { expect, test } from 'vitest'
import { eventReader, heartbeatText, toEventText, type LiveEvent } from './live'

const events: LiveEvent[] = [
  { event: 'here', data: {} },
  { event: 'audit', data: { users: [1, 2] } },
  { event: 'reload', data: {} },
]
const whole = toEventText(events[0]!) + heartbeatText + toEventText(events[1]!) + toEventText(events[2]!)

test('what was written is read again, and a sign of life is no event', () => {
  expect(eventReader()(whole)).toEqual(events)
})

test('pieces of any size give the same', () => {
  const read = eventReader()
  expect(whole.split('').flatMap((letter) => read(letter))).toEqual(events)
})

test('a line break inside a text does not end its event', () => {
  const event = { event: 'messages', data: { messages: [{ subject: 'one\n\ntwo' }] } } as unknown as LiveEvent
  expect(eventReader()(toEventText(event))).toEqual([event])
})
