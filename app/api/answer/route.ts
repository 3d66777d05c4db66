import { answerQuery } from '@/core/requests'
import { findAnswer } from '@/server/find-answer'
import { handle, otherMethods } from '../handle'

export const GET = handle({
  action: 'answer.read',
  query: answerQuery,
  run: async ({ context, actor, query }) => ({
    body: { error: false, ...(await findAnswer(context, actor, query.q)) },
  }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
