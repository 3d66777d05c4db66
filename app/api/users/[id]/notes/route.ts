import { addNoteRequest } from '@/core/requests'
import { addNote } from '@/server/notes'
import { handle, otherMethods } from '../../../handle'
import { userParams } from '../../user-params'

export const POST = handle({
  action: 'note.add',
  params: userParams,
  body: addNoteRequest,
  run: async ({ context, params, body, ...asked }) => ({
    status: 201,
    body: { error: false, message: 'The note is kept', ...(await addNote(context, asked, params.id, body)) },
  }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
