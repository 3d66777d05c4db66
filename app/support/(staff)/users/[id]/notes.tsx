'use client'

import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type SubmitEvent } from 'react'
import { api, ApiError, notDone } from '@/app/_ui/api'
import { BusyButton } from '@/app/_ui/button'
import page from '@/app/_ui/reading-page.module.css'
import { TextField } from '@/app/_ui/text-field'
import { Time } from '@/app/_ui/time'
import { toast } from '@/app/_ui/toast'
import { useCall } from '@/app/_ui/use-call'
import { useFocusKept } from '@/app/_ui/use-focus-kept'
import { useOnce } from '@/app/_ui/use-once'
import type { StaffActor } from '@/core/permissions'
import { isAdministrator } from '@/core/roles'
import type { NoteView } from '@/core/views'
import { noteRoom, shownNotes } from './note-room'
import styles from './person.module.css'

/** What staff tell each other about somebody. A note that could not be kept stays in the field. */
export function Notes({ actor, userId, notes }: { actor: StaffActor; userId: number; notes: NoteView[] }) {
  const queries = useQueryClient()
  const [body, setBody] = useState('')
  const { call, isBusy, refused } = useCall()
  const once = useOnce()
  const field = useRef<HTMLTextAreaElement>(null)
  const around = useFocusKept(() => field.current)
  const problem = refused === null ? null : notDone(refused, 'It was not kept.')
  const room = noteRoom(body)
  const path = `/api/users/${userId}/notes`

  const add = async () => {
    await once(path, { method: 'POST', body: { body } })
    setBody('')
    // The button has nothing to add any more.
    field.current?.focus()
    await queries.invalidateQueries({ queryKey: [`/api/users/${userId}`] })
  }
  return (
    <section aria-labelledby="notes" className={page.section} {...around}>
      <h2 id="notes">
        Notes by staff <span>{shownNotes(notes.length)}</span>
      </h2>
      <form
        noValidate
        className={styles.note}
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault()
          if (room.fault !== undefined) return field.current?.focus()
          if (body.trim() && !isBusy) void call(add)
        }}
      >
        <TextField
          label="New note"
          multiline
          value={body}
          fault={room.fault ?? (problem ? `${problem.title} ${problem.why}` : undefined)}
          inputRef={field}
          help={room.help}
          onChange={(event) => setBody(event.target.value)}
          readOnly={isBusy}
        />
        <BusyButton type="submit" size="small" isBusy={isBusy} busyWord="Saving" disabled={!body.trim()}>
          Add note
        </BusyButton>
      </form>
      <ul className={styles.notes}>
        {notes.map((note) => (
          <Note
            key={note.id}
            note={note}
            path={path}
            mayRemove={note.author_id === actor.id || isAdministrator(actor.role)}
          />
        ))}
      </ul>
    </section>
  )
}

function Note({ note, path, mayRemove }: { note: NoteView; path: string; mayRemove: boolean }) {
  const queries = useQueryClient()
  const [isBusy, setIsBusy] = useState(false)
  const remove = async () => {
    setIsBusy(true)
    try {
      await api(`${path}/${note.id}`, { method: 'DELETE' })
      toast('The note is removed.')
      await queries.invalidateQueries({ queryKey: [path.replace(/\/notes$/, '')] })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const { title, why } = notDone(error, 'The note was not removed.')
      toast(`${title} ${why}`, { failed: true })
      setIsBusy(false)
    }
  }
  return (
    <li>
      <p>{note.body}</p>
      <div>
        <span>
          {note.author}, <Time at={note.created_at} />
        </span>
        {mayRemove ? (
          <BusyButton size="small" variant="text" isBusy={isBusy} busyWord="Removing" onClick={() => void remove()}>
            Remove<span className="unseen"> the note by {note.author}</span>
          </BusyButton>
        ) : null}
      </div>
    </li>
  )
}
