import { afterAll, beforeAll, expect, test } from 'vitest'
import { addNoteRequest } from '@/core/requests'
import { createTestDatabase } from '@/stack/testing/services'
import { addNote, deleteNote, listNotes } from './notes'
import { asked, openTestContext, type TestContext } from './testing'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let app: TestContext

beforeAll(async () => {
  database = await createTestDatabase()
  app = await openTestContext({ DATABASE_URL: database.url })
})
afterAll(async () => {
  await app.close()
  await database.drop()
})

test('notes about a person say who wrote them, the newest first; one removes one’s own, administrators anybody’s', async () => {
  const [person, one, other, admin] = [
    await app.person('user'),
    (await app.person('supporter')).actor,
    (await app.person('supporter')).actor,
    (await app.person('admin')).actor,
  ]
  const first = await addNote(app, asked(one), person.id, { body: 'Calls on Mondays' })
  const second = await addNote(app, asked(other), person.id, { body: 'Prefers to be written to' })
  expect(await listNotes(app, person.id)).toMatchObject([
    { id: second.id, author_id: other.id, author: other.name },
    { id: first.id, body: 'Calls on Mondays', author_id: one.id },
  ])
  await expect(deleteNote(app, asked(one), person.id, second.id)).rejects.toMatchObject({ code: 'forbidden' })
  await expect(deleteNote(app, asked(admin), one.id, second.id)).rejects.toMatchObject({ code: 'not_found' })
  await deleteNote(app, asked(one), person.id, first.id)
  await deleteNote(app, asked(admin), person.id, second.id)
  expect(await listNotes(app, person.id)).toEqual([])
  await expect(addNote(app, asked(one), 999_999, { body: 'Nobody' })).rejects.toMatchObject({ code: 'not_found' })
})

test('an empty note, and one that is too long, is refused', () => {
  for (const body of ['', '   ', 'x'.repeat(2_001)]) expect(addNoteRequest.safeParse({ body }).success).toBe(false)
  expect(addNoteRequest.parse({ body: ' two words ' })).toEqual({ body: 'two words' })
})
