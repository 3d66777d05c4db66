import { deleteNote } from '@/server/notes'
import { handle, otherMethods } from '../../../../handle'
import { noteParams } from '../../../user-params'

export const DELETE = handle({
  action: 'note.remove',
  params: noteParams,
  run: async ({ context, params, ...asked }) => {
    await deleteNote(context, asked, params.id, params.note)
    return { body: { error: false, message: 'The note is removed' } }
  },
})

export const { GET, POST, PUT, PATCH, OPTIONS } = otherMethods('DELETE')
