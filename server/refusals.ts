import type { Delivery } from '@/core/delivery-mode'
import { AppError } from '@/core/errors'
import type { Status } from '@/core/message'

type Facts = { status: Status; delivery: Delivery; lastCause: string | null }

const conflict = (sentence: string) => new AppError('conflict', sentence)

export const noSuchMessage = () => new AppError('not_found', 'There is no such message.')

export const noSuchUser = () => new AppError('not_found', 'There is no such user.')

const beingSent = 'It is being sent at this moment.'
const whatIsDone = ({ delivery }: Facts) =>
  delivery === 'pretend' ? 'It was only pretended' : 'It was accepted already'
const onTheList = 'This address is on the suppression list.'

/** Why a message is not cancelled; it had no work that was free. */
export function whyNotCancelled(message: Facts): AppError {
  switch (message.status) {
    case 'queued':
    case 'retrying':
    case 'sending':
      return conflict(`${beingSent} If this try fails, it can be cancelled before the next.`)
    case 'sent':
      return conflict(`${whatIsDone(message)}, so it cannot be cancelled any more.`)
    case 'dead':
      return conflict('It was given up already, so there is nothing to cancel.')
    case 'cancelled':
      return conflict('It was cancelled already.')
    case 'suppressed':
      return conflict(`${onTheList} It is not going to be sent, so there is nothing to cancel.`)
    default:
      return message.status satisfies never
  }
}

/** Why a message is not tried again; null when it may be. */
export function whyNotRetried(message: Facts): AppError | null {
  switch (message.status) {
    case 'dead':
    case 'retrying':
      return null
    case 'queued':
      if (message.delivery === 'held') return conflict('It is held: release it instead.')
      if (message.lastCause !== null) return conflict('It is in line to be tried again already.')
      return conflict('It is still waiting for its first try; there is nothing to repeat yet.')
    case 'sending':
      return conflict(beingSent)
    case 'sent':
      return conflict(`${whatIsDone(message)}; send it again as a new message instead.`)
    case 'cancelled':
      return conflict('It was cancelled; send it again as a new message instead.')
    case 'suppressed':
      return conflict(`${onTheList} Remove it from the list, then send the message again as a new one.`)
    default:
      return message.status satisfies never
  }
}

/** Why a message is not released; null when it is held. */
export function whyNotReleased(message: Facts): AppError | null {
  if (message.status === 'queued' && message.delivery === 'held') return null
  if (message.status === 'cancelled') return conflict('It was cancelled; send it again as a new message instead.')
  return conflict('It is not held, so there is nothing to release.')
}
