import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { newAnnouncer } from './announcer'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('the same sentence is said twice, for the region is empty in between', () => {
  const { announce, add, saidIn, subscribe } = newAnnouncer()
  add('page')
  const seen: string[] = []
  subscribe(() => seen.push(saidIn('page')))
  announce('Copied: the address')
  vi.runAllTimers()
  announce('Copied: the address')
  vi.runAllTimers()
  expect(seen).toEqual(['', 'Copied: the address', '', 'Copied: the address'])
})

it('what is said at once after another takes its place', () => {
  const { announce, add, saidIn } = newAnnouncer()
  add('page')
  announce('The first')
  announce('The second')
  vi.runAllTimers()
  expect(saidIn('page')).toBe('The second')
})

it('while a dialog is open its region speaks, and only that; afterwards that of the page again', () => {
  const { announce, add, saidIn } = newAnnouncer()
  add('page')
  const close = add('dialog')
  announce('Copied: the link')
  vi.runAllTimers()
  expect([saidIn('page'), saidIn('dialog')]).toEqual(['', 'Copied: the link'])
  // A dialog says what it did, and closes.
  announce('The user is deleted.')
  close()
  vi.runAllTimers()
  expect([saidIn('page'), saidIn('dialog')]).toEqual(['The user is deleted.', ''])
})
