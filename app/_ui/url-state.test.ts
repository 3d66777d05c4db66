import { expect, it } from 'vitest'
import { changed } from './url-state'

const current = new URLSearchParams('search=ann&status=dead&status=sent&page=3')

it('sets, replaces and takes away, and leaves the rest alone', () => {
  expect(changed(current, { page: null, search: 'bob' })).toBe('?status=dead&status=sent&search=bob')
  expect(changed(current, { status: ['queued', 'sending'] })).toBe('?search=ann&page=3&status=queued&status=sending')
  expect(changed(current, { status: [] })).toBe('?search=ann&page=3')
})

it('leaves no question mark behind when nothing is asked for', () =>
  expect(changed(new URLSearchParams('page=2'), { page: null })).toBe(''))
