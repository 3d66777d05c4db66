import { addNoteRequest } from '@/core/requests'
import { addNote } from '@/server/notes'
import { otherMethods } from '../../../handle'
import { handleOnce } from '../../../handle-once'
import { userParams } from '../../user-params'

export const POST = handleOnce({
  action: 'note.add',
  params: userParams,
  body: addNoteRequest,
  run: ({ context, params, body, ...asked }) => addNote(context, asked, params.id, body),
  answer: (added) => ({ status: 201, body: { error: false, message: 'The note is kept', ...added } }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
