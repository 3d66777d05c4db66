import { desc, eq } from 'drizzle-orm'
import { mostNotes } from '@/core/note'
import type { NoteView } from '@/core/views'
import type { Executor, Transaction } from './client'
import { notes } from './schema'

export async function findNotes(db: Executor, userId: number): Promise<NoteView[]> {
  const rows = await db.select().from(notes).where(eq(notes.userId, userId)).orderBy(desc(notes.id)).limit(mostNotes)
  return rows.map(({ id, body, authorId, authorName, createdAt }) => ({
    id,
    body,
    author_id: authorId,
    author: authorName,
    created_at: createdAt.toISOString(),
  }))
}

export async function insertNote(tx: Transaction, note: Omit<typeof notes.$inferInsert, 'createdAt'>): Promise<number> {
  const [row] = await tx.insert(notes).values(note).returning({ id: notes.id })
  if (!row) throw new Error('The note was not written')
  return row.id
}

export async function findNote(db: Executor, id: number): Promise<typeof notes.$inferSelect | null> {
  const [note] = await db.select().from(notes).where(eq(notes.id, id))
  return note ?? null
}

export async function removeNote(tx: Transaction, id: number): Promise<void> {
  await tx.delete(notes).where(eq(notes.id, id))
}
