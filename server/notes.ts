import { AppError } from '@/core/errors'
import type { StaffActor } from '@/core/permissions'
import type { AddNoteRequest } from '@/core/requests'
import { isAdministrator } from '@/core/roles'
import type { NoteView } from '@/core/views'
import { writeAudit } from '@/db/audit'
import { findNote, findNotes, insertNote, removeNote } from '@/db/notes'
import { lockUser } from '@/db/users'
import { auditOf, type Asked } from './actor'
import type { Context } from './context'
import { writeOnce, type AskedOnce } from './once'

type ByStaff = Asked & { actor: StaffActor }

/** The newest first. */
export const listNotes = ({ db }: Context, userId: number): Promise<NoteView[]> => findNotes(db, userId)

export type AddedNote = { id: number }

export async function addNote(
  context: Context,
  asked: AskedOnce<AddedNote> & ByStaff,
  userId: number,
  { body }: AddNoteRequest,
): Promise<AddedNote> {
  const { actor } = asked
  const { result } = await writeOnce(context, asked, async (tx) => {
    if (!(await lockUser(tx, userId))) throw new AppError('not_found', 'There is no such user.')
    const id = await insertNote(tx, { userId, body, authorId: actor.id, authorName: actor.name })
    // Not what it says: a note can be removed, a row of the audit cannot.
    await writeAudit(tx, { ...auditOf(asked), action: 'note.added', target: `user:${userId}`, detail: { note: id } })
    return { result: { id } }
  })
  return result
}

/** One's own; an administrator removes anybody's. */
export async function deleteNote({ db }: Context, asked: ByStaff, userId: number, id: number): Promise<void> {
  const { actor } = asked
  await db.transaction(async (tx) => {
    const note = await findNote(tx, id)
    if (note?.userId !== userId) throw new AppError('not_found', 'There is no such note.')
    if (note.authorId !== actor.id && !isAdministrator(actor.role))
      throw new AppError('forbidden', 'This note is not yours.')
    await removeNote(tx, id)
    await writeAudit(tx, { ...auditOf(asked), action: 'note.removed', target: `user:${userId}`, detail: { note: id } })
  })
}
