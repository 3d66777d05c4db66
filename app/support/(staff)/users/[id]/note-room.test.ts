import { expect, test } from 'vitest'
import { addNoteRequest } from '@/core/requests'
import { noteRoom, shownNotes } from './note-room'

test.each([
  [0, {}],
  [1_799, {}],
  [1_800, { help: '200 of 2,000 characters left.' }],
  [2_000, { help: '0 of 2,000 characters left.' }],
  [2_001, { fault: 'A note holds 2,000 characters: this is 1 too many.' }],
  [4_000, { fault: 'A note holds 2,000 characters: this is 2,000 too many.' }],
])('a note of %i characters', (length, said) => {
  expect(noteRoom(`  ${'x'.repeat(length)} `)).toEqual(said)
})

test('says no earlier and no later than the API', () => {
  for (const body of ['x'.repeat(2_000), '😀'.repeat(2_000), 'x'.repeat(2_001), '😀'.repeat(2_001)]) {
    expect(noteRoom(body).fault === undefined).toBe(addNoteRequest.safeParse({ body }).success)
  }
})

test('as many notes as are ever read are not told as all of them', () => {
  expect(shownNotes(99)).toBeNull()
  expect(shownNotes(100)).toBe('the newest 100')
})
