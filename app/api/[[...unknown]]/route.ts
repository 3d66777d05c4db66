import { AppError } from '@/core/errors'
import { answering, type Handler } from '../handle'

/** Every other address below /api, so that a caller who mistypes one reads JSON too. */
const answer = (request: Request) =>
  answering(request, () => Promise.reject(new AppError('not_found', 'There is no such call in this API.')))
const notFound: Handler = Object.assign(answer, { action: 'nothing.read' as const })

export {
  notFound as GET,
  notFound as POST,
  notFound as PUT,
  notFound as PATCH,
  notFound as DELETE,
  notFound as OPTIONS,
}
